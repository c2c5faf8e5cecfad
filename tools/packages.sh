# SPDX-License-Identifier: Apache-2.0
# Debian packages by purpose; sourced by ./dev. `run` builds and runs the programs, `test` comes on top, `vm` on both.
packages_run="gcc libc6-dev pkg-config meson ninja-build libmicrohttpd-dev libgnutls28-dev libsystemd-dev nettle-dev
	libsqlite3-dev libyaml-dev libseccomp-dev libcurl4-openssl-dev libjson-c-dev
	curl"
packages_test="libcmocka-dev openssl procps groff-base mandoc zsh python3-prometheus-client"
packages_fuzz="clang libclang-rt-14-dev llvm"
packages_lint="clang-format-14 clang-tidy-14 cppcheck"
packages_vm="qemu-system-x86 busybox-static cpio make libelf1"
