# shellcheck shell=sh
# The CUDA libraries, beside the LibTorch in the cache. Sourced by scripts/setup.

# In the order they are fetched. LibTorch's own come last: Thorax looks for a GPU once libtorch_cuda.so is there, and
# by then everything that it loads is there too.
cuda_wheels="cublas cufft cufile curand cusolver cusparse nvjitlink nvrtc nvtx cudnn cusparselt nccl nvshmem torch-cuda"

# is_unpacked NAME FOLDER: whether all members of the wheel are there; they arrive checked, and by renaming.
is_unpacked() {
  pinned member "$1" | while read -r path _; do
    [ -e "$2/$path" ] || exit 1
  done
}

install_cuda() {
  if [ ! "$root/.libtorch" -ef "$libtorch_home/torch" ]; then
    if [ -e "$root/.libtorch/lib/libtorch_cuda.so" ]; then return; fi
    fail "the LibTorch that .libtorch links to has no CUDA libraries, and set-up adds them to its own alone: take a CUDA" \
      "build with THORAX_LIBTORCH=DIR, or remove .libtorch and run this again"
  fi
  for name in $cuda_wheels; do
    if is_unpacked "$name" "$libtorch_home"; then continue; fi
    open_cache
    # The largest wheel (530 MB, unpacked 630) beside what is there.
    need_room "$cache" 2000 "The CUDA library $name"
    note "fetching the CUDA libraries: $name"
    mkdir "$work/$name"
    unpack "$name" "$work/$name"
    (cd "$work/$name" && find . -name 'libtorch_cuda.so' -prune -o -type f -print &&
      find . -name 'libtorch_cuda.so') >"$work/files"
    while IFS= read -r file; do
      { mkdir -p "$libtorch_home/${file%/*}" && mv "$work/$name/$file" "$libtorch_home/$file"; } ||
        fail_to_write "$libtorch_home"
    done <"$work/files"
    set -- "$(pinned wheel "$name" | cut -d ' ' -f 2)"
    rm -rf "$work/$name" "$work/$1" "$downloads/$1" "$downloads/$1".*
  done
}
