# Built on musl, so that the program needs nothing but itself; run as nobody in particular, with a
# file system that may be read-only:
#
#     docker build -t waypost .
#     docker run --read-only -p 8080:8080 waypost
#     docker run --read-only -p 8080:8080 -v /etc/waypost:/etc/waypost:ro waypost

FROM rust:1-alpine AS build
RUN apk add --no-cache musl-dev
WORKDIR /waypost
COPY Cargo.toml Cargo.lock ./
COPY src src
COPY templates templates
# Cargo wants to see the targets that Cargo.toml names.
COPY benches benches
COPY tests/suite tests/suite
RUN cargo build --release --locked

FROM scratch
COPY --from=build /waypost/target/release/waypost /usr/bin/waypost
COPY config /etc/waypost
USER 65532:65532
EXPOSE 8080
ENV WAYPOST_CONFIG=/etc/waypost/waypost.toml
ENTRYPOINT ["/usr/bin/waypost"]
CMD ["serve", "--listen", "0.0.0.0:8080"]
