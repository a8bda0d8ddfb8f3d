# Thorax without a toolchain: the binary that ./thorax builds, LibTorch, the text encoder and the models.
#
#   docker build --tag thorax .
#   docker run --rm --volume "$PWD:/work" thorax generate "..." --output cxr.png
#
# Behind a package mirror: docker build --build-arg PIP_INDEX_URL=https://...

FROM swift:6.3-bookworm AS build
ARG PIP_INDEX_URL
ARG PIP_EXTRA_INDEX_URL
ENV XDG_CACHE_HOME=/cache
WORKDIR /thorax

# First what changes rarely: packages, LibTorch, the text encoder.
COPY scripts scripts
RUN ./scripts/setup

COPY . .
RUN ./scripts/build

# Where the final image has them. LibTorch finds NVIDIA's libraries by this layout; its headers stay behind.
RUN mkdir -p /image/opt/thorax/bin /image/opt/thorax/libtorch/torch \
 && cp .build/release/thorax .build/release/libctorch.so .build/release/libcdicom.so .build/release/libswiftCore.so \
    /image/opt/thorax/bin/ \
 && cp -R /cache/thorax/libtorch/*/torch/lib /image/opt/thorax/libtorch/torch/lib \
 && cp -R /cache/thorax/libtorch/*/nvidia /image/opt/thorax/libtorch/nvidia \
 && cp -R /cache/thorax/text-encoders /image/opt/thorax/text-encoders \
 && if [ -d models ]; then cp -R models /image/opt/thorax/models; fi

FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends libcharls2 libdcmtk17 libexpat1 libjpeg62-turbo libopenjp2-7 \
    libpng16-16 libsqlite3-0 libstdc++6 zlib1g \
 && rm -rf /var/lib/apt/lists/*
COPY --from=build /image/ /
ENV THORAX_HOME=/opt/thorax \
    THORAX_LIBTORCH=/opt/thorax/libtorch/torch \
    THORAX_TEXT_ENCODERS=/opt/thorax/text-encoders
WORKDIR /work
ENTRYPOINT ["/opt/thorax/bin/thorax"]
CMD ["--help"]
