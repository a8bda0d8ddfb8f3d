#pragma once
// A header that DCMTK has read.
#include "scan.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>

struct cdicom_file {
  cdicom::Scan scan;
  cdicom_limits limits;
  DcmDataset data_set;
};

namespace cdicom {

/// Silences DCMTK's log and makes its codecs known, once in a process.
void prepare_dcmtk();

inline DcmTagKey key(uint32_t tag) { return DcmTagKey(Uint16(tag >> 16), Uint16(tag & 0xFFFF)); }

/// A codestream's own header, as far as it must agree with the data set's.
struct Codestream {
  uint32_t rows;
  uint32_t columns;
  uint32_t precision;
};

/// Reads the header of a codestream and refuses what no radiograph has: several components, markers out of place,
/// sizes that differ from `image`'s.
Codestream check_codestream(Coding coding, const uint8_t *bytes, size_t count, const cdicom_image &image);

/// Decodes JPEG-LS to cells of 8 or 16 bits, as its precision asks. Not through DCMTK 3.6.7, whose copy of an old CharLS
/// reads beyond the end of a scan that is short.
void decode_jpeg_ls(const uint8_t *bytes, size_t count, const Codestream &codestream, uint8_t *cells,
                    size_t cell_bytes);

/// Decodes JPEG 2000 to cells of 16 bits.
void decode_jpeg_2000(const uint8_t *bytes, size_t count, const Codestream &codestream, uint16_t *cells);

}  // namespace cdicom
