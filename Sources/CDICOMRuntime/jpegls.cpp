#include "file.h"

#include <charls/charls.h>

namespace cdicom {

void decode_jpeg_ls(const uint8_t *bytes, size_t count, const Codestream &codestream, uint8_t *cells,
                    size_t cell_bytes) {
  charls::jpegls_decoder decoder(bytes, count, false);
  decoder.read_header();
  const charls::frame_info &frame = decoder.frame_info();
  if (frame.component_count != 1 || frame.width != codestream.columns || frame.height != codestream.rows ||
      uint32_t(frame.bits_per_sample) != codestream.precision || decoder.destination_size() > cell_bytes)
    throw Failure(CDICOM_CORRUPT, "the JPEG-LS codestream is damaged");
  decoder.decode(cells, cell_bytes);
}

}  // namespace cdicom
