# The image has only the statically linked program and the example configuration. The program runs as an
# unprivileged user, and the file system can be read-only:
#
#     docker build -t waypost .
#     docker run --read-only -p 8080:8080 waypost
#     docker run --read-only -p 8080:8080 -v /etc/waypost:/etc/waypost:ro waypost
#
# The project is tested with this compiler. Cargo.toml has the oldest supported version (`rust-version`).
FROM rust:1.95-alpine AS build
# The version is not pinned, because Alpine removes old versions of its packages.
# hadolint ignore=DL3018
RUN apk add --no-cache musl-dev
WORKDIR /waypost
COPY Cargo.toml Cargo.lock ./
COPY src src
COPY templates templates
# Cargo needs the targets that Cargo.toml names.
COPY benches benches
COPY tests/suite tests/suite
# The cache has the downloaded crates, but no compiled files: cargo compares file times, which are not reliable in
# a cache for several checkouts.
RUN --mount=type=cache,target=/usr/local/cargo/registry cargo build --release --locked --bins

FROM scratch
LABEL org.opencontainers.image.title="Waypost" \
      org.opencontainers.image.description="Mail client configuration server" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0" \
      org.opencontainers.image.version="0.1.0"
COPY --from=build /waypost/target/release/waypost /usr/bin/waypost
COPY config /etc/waypost
USER 65532:65532
EXPOSE 8080
ENV WAYPOST_CONFIG=/etc/waypost/waypost.toml
STOPSIGNAL SIGTERM
# The image has no shell and no curl.
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["/usr/bin/waypost", "health", "--listen", "127.0.0.1:8080"]
ENTRYPOINT ["/usr/bin/waypost"]
CMD ["serve", "--listen", "0.0.0.0:8080"]
