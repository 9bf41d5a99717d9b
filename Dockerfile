# The server and its client in an image without shell, package manager or root: docs/operations.md
# has how to run it.
#
#   docker build -t lectern .
#   docker run -d --name lectern --read-only -v lectern-data:/data lectern
#   docker exec lectern lectern info
#
# As it stands it serves the container alone. Addresses that others can reach need TLS and tokens.
FROM docker.io/library/debian:trixie-slim AS build
COPY deploy/packages /tmp/packages
RUN apt-get -q update \
 && awk '$1 == "build" || $1 == "archives" { print $2 }' /tmp/packages \
  | DEBIAN_FRONTEND=noninteractive xargs apt-get -q -y install --no-install-recommends
COPY . /src
RUN cmake --preset release -S /src -B /build -DLECTERN_TESTS=OFF -DLECTERN_ARCHIVES=ON \
  -DCMAKE_INSTALL_PREFIX=/usr \
 && cmake --build /build --target lecternd lectern_cli
# The programs and what they load, the loader included; the time zones without their sources and
# tables; the licences. The data directory belongs to the user.
RUN mkdir -p /rootfs/usr/bin /rootfs/etc/lectern /rootfs/data /rootfs/usr/share/doc/lectern \
 && install -s -m 755 /build/bin/lecternd /build/bin/lectern /rootfs/usr/bin/ \
 && ldd /rootfs/usr/bin/lecternd /rootfs/usr/bin/lectern | grep -o '/[^ :]*\.so[^ :]*' | sort -u \
  | xargs -I LIBRARY cp -L --parents LIBRARY /rootfs \
 && cp -a --parents /usr/share/zoneinfo /rootfs \
 && cd /rootfs/usr/share/zoneinfo \
 && rm -rf posix right localtime posixrules \
 && grep -rL '^TZif' . | xargs rm \
 && cp /src/LICENSE /rootfs/usr/share/doc/lectern/ \
 && sh /src/deploy/image/licences.sh /build/build.ninja /rootfs >/tmp/libraries \
 && gzip -9n </tmp/libraries >/rootfs/usr/share/doc/lectern/libraries.gz \
 && cp /src/deploy/image/lecternd.ini /rootfs/etc/lectern/lecternd.ini \
 && echo 'lectern:x:65532:65532:lectern:/data:/nonexistent' >/rootfs/etc/passwd \
 && echo 'lectern:x:65532:' >/rootfs/etc/group \
 && chown 65532:65532 /rootfs/data

FROM scratch
LABEL org.opencontainers.image.title="lectern" \
 org.opencontainers.image.description="Content microservice over LMDB and nng" \
 org.opencontainers.image.version="0.1.0" \
 org.opencontainers.image.licenses="MIT"
COPY --from=build /rootfs /
ENV LECTERND_CONFIG=/etc/lectern/lecternd.ini LECTERN_SERVER=ipc:///data/rpc.sock
USER 65532:65532
VOLUME /data
EXPOSE 7400 7401 7480
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["/usr/bin/lectern", "--timeout", "2000", "health"]
ENTRYPOINT ["/usr/bin/lecternd"]
