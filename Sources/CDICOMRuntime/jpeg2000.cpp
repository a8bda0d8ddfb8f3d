#include "file.h"

#include <openjpeg.h>

#include <algorithm>
#include <cstring>
#include <memory>

namespace cdicom {

namespace {

struct Source {
  const uint8_t *bytes;
  size_t count;
  size_t position;
};

OPJ_SIZE_T read(void *target, OPJ_SIZE_T wanted, void *context) {
  Source &source = *static_cast<Source *>(context);
  const size_t given = std::min<size_t>(wanted, source.count - source.position);
  if (given == 0) return OPJ_SIZE_T(-1);
  memcpy(target, source.bytes + source.position, given);
  source.position += given;
  return given;
}

OPJ_OFF_T skip(OPJ_OFF_T wanted, void *context) {
  Source &source = *static_cast<Source *>(context);
  if (wanted < 0 || size_t(wanted) > source.count - source.position) return -1;
  source.position += size_t(wanted);
  return wanted;
}

OPJ_BOOL seek(OPJ_OFF_T position, void *context) {
  Source &source = *static_cast<Source *>(context);
  if (position < 0 || size_t(position) > source.count) return OPJ_FALSE;
  source.position = size_t(position);
  return OPJ_TRUE;
}

void say_nothing(const char *, void *) {}

// `opj_codec_t` and `opj_stream_t` are one type, `void *`.
template <auto destroy>
struct Destroying {
  template <class Object>
  void operator()(Object *object) const noexcept {
    destroy(object);
  }
};

using Codec = std::unique_ptr<opj_codec_t, Destroying<opj_destroy_codec>>;
using Stream = std::unique_ptr<opj_stream_t, Destroying<opj_stream_destroy>>;
using Image = std::unique_ptr<opj_image_t, Destroying<opj_image_destroy>>;

}  // namespace

void decode_jpeg_2000(const uint8_t *bytes, size_t count, const Codestream &codestream, uint16_t *cells) {
  Source source{bytes, count, 0};
  Codec codec(opj_create_decompress(OPJ_CODEC_J2K));
  Stream stream(opj_stream_create(std::max<size_t>(count, 1024), OPJ_TRUE));
  if (!codec || !stream) throw std::bad_alloc();
  opj_set_error_handler(codec.get(), say_nothing, nullptr);
  opj_set_warning_handler(codec.get(), say_nothing, nullptr);
  opj_set_info_handler(codec.get(), say_nothing, nullptr);
  opj_stream_set_read_function(stream.get(), read);
  opj_stream_set_skip_function(stream.get(), skip);
  opj_stream_set_seek_function(stream.get(), seek);
  opj_stream_set_user_data(stream.get(), &source, nullptr);
  opj_stream_set_user_data_length(stream.get(), count);

  opj_dparameters_t parameters;
  opj_set_default_decoder_parameters(&parameters);
  opj_image_t *decoded = nullptr;
  bool is_good = opj_setup_decoder(codec.get(), &parameters) && opj_read_header(stream.get(), codec.get(), &decoded);
  Image image(decoded);
  is_good = is_good && image && opj_decode(codec.get(), stream.get(), image.get()) &&
            opj_end_decompress(codec.get(), stream.get());
  if (!is_good || image->numcomps != 1) throw Failure(CDICOM_CORRUPT, "the JPEG 2000 codestream is damaged");
  const opj_image_comp_t &component = image->comps[0];
  if (!component.data || component.w != codestream.columns || component.h != codestream.rows)
    throw Failure(CDICOM_CORRUPT, "the JPEG 2000 codestream is incomplete");
  const size_t pixels = size_t(component.w) * component.h;
  for (size_t i = 0; i < pixels; i += 1) cells[i] = uint16_t(component.data[i]);
}

}  // namespace cdicom
