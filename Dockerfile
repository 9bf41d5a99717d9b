# The server and its client in an image without shell, package manager or root.
#
#   docker build -t lectern .
#   docker run -d -p 127.0.0.1:7400:7400 -v lectern-data:/data --read-only lectern
#
# The default command listens on every address of the container with plain tcp: this version has
# neither TLS nor tokens. Publish the port to loopback or a trusted network only.
FROM docker.io/library/debian:trixie-slim AS build
COPY deploy/packages /tmp/packages
RUN apt-get -q update \
 && awk '$1 == "build" { print $2 }' /tmp/packages \
  | DEBIAN_FRONTEND=noninteractive xargs apt-get -q -y install --no-install-recommends
COPY . /src
RUN cmake --preset release -S /src -B /build -DLECTERN_TESTS=OFF -DCMAKE_INSTALL_PREFIX=/usr \
 && cmake --build /build --target lecternd lectern_cli
# The programs and what they load, the loader included; the time zones. The data directory belongs
# to the user.
RUN mkdir -p /rootfs/usr/bin /rootfs/etc /rootfs/data /rootfs/usr/share/doc/lectern \
 && install -s -m 755 /build/bin/lecternd /build/bin/lectern /rootfs/usr/bin/ \
 && ldd /rootfs/usr/bin/lecternd /rootfs/usr/bin/lectern | grep -o '/[^ :]*\.so[^ :]*' | sort -u \
  | xargs -I LIBRARY cp -L --parents LIBRARY /rootfs \
 && cp -a --parents /usr/share/zoneinfo /rootfs \
 && rm -rf /rootfs/usr/share/zoneinfo/posix /rootfs/usr/share/zoneinfo/right \
 && cp /src/LICENSE /rootfs/usr/share/doc/lectern/ \
 && echo 'lectern:x:65532:65532:lectern:/data:/nonexistent' >/rootfs/etc/passwd \
 && echo 'lectern:x:65532:' >/rootfs/etc/group \
 && chown 65532:65532 /rootfs/data

FROM scratch
COPY --from=build /rootfs /
USER 65532:65532
VOLUME /data
EXPOSE 7400
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["/usr/bin/lectern", "--timeout", "2000", "health"]
ENTRYPOINT ["/usr/bin/lecternd"]
CMD ["--data", "/data", "--listen", "tcp://0.0.0.0:7400", "--insecure"]
