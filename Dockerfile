# Built on musl, so that the program needs nothing but itself; run as nobody in particular, with a
# file system that may be read-only:
#
#     docker build -t waypost .
#     docker run --read-only -p 8080:8080 waypost
#     docker run --read-only -p 8080:8080 -v /etc/waypost:/etc/waypost:ro waypost
#
# The compiler that the project is tested with; any from `rust-version` in Cargo.toml on will do.
FROM rust:1.95-alpine AS build
# Alpine keeps no old versions of its packages, so one that is pinned here would soon be none.
# hadolint ignore=DL3018
RUN apk add --no-cache musl-dev
WORKDIR /waypost
COPY Cargo.toml Cargo.lock ./
COPY src src
COPY templates templates
# Cargo wants to see the targets that Cargo.toml names.
COPY benches benches
COPY tests/suite tests/suite
# Downloads are kept beside the image. What was compiled is not: cargo goes by the files' times, which say
# little in a cache that several checkouts share.
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
# There is no shell in here, and no curl.
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["/usr/bin/waypost", "health", "--listen", "127.0.0.1:8080"]
ENTRYPOINT ["/usr/bin/waypost"]
CMD ["serve", "--listen", "0.0.0.0:8080"]
