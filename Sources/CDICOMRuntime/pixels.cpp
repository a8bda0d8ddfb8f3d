#include "file.h"
#include "functions.h"

#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dcpxitem.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>

namespace cdicom {

namespace {

struct Freeing {
  void operator()(void *memory) const noexcept { free(memory); }
};
using Cells = std::unique_ptr<uint8_t, Freeing>;

/// The photometric interpretation by name. One that is not in the standard is not repeated: it may be any text, a
/// patient's name among them.
const char *colour_name(cdicom_file &file) {
  static constexpr const char *names[] = {
      "PALETTE COLOR", "RGB", "YBR_FULL", "YBR_FULL_422", "YBR_PARTIAL_422", "YBR_PARTIAL_420", "YBR_ICT", "YBR_RCT",
      "HSV", "ARGB", "CMYK", "XYB"};
  OFString photometric;
  file.data_set.findAndGetOFString(key(0x00280004), photometric);
  for (const char *name : names)
    if (photometric == name) return name;
  return "a photometric interpretation other than MONOCHROME";
}

void check(cdicom_file &file, const cdicom_image &image) {
  const Syntax &syntax = file.scan.syntax;
  if (syntax.coding == Coding::unsupported) throw Failure(CDICOM_UNSUPPORTED, "%s", syntax.name.c_str());
  if (!image.has_pixels) throw Failure(CDICOM_NO_PIXELS, "it holds no pixel data");
  if (file.scan.pixels.is_floating) throw Failure(CDICOM_UNSUPPORTED, "floating-point pixel data");
  if (image.monochrome < 0) throw Failure(CDICOM_UNSUPPORTED, "%s", colour_name(file));
  if (image.samples_per_pixel > 1) throw Failure(CDICOM_UNSUPPORTED, "%u samples a pixel", image.samples_per_pixel);
  if (image.bits_allocated != 8 && image.bits_allocated != 16)
    throw Failure(CDICOM_UNSUPPORTED, "%u bits allocated", image.bits_allocated);
  if (image.rows == 0 || image.columns == 0) throw Failure(CDICOM_CORRUPT, "it has no rows or no columns");
  if (image.bits_stored == 0 || image.bits_stored > image.bits_allocated)
    throw Failure(CDICOM_CORRUPT, "%u of %u bits stored", image.bits_stored, image.bits_allocated);
  if (image.high_bit >= image.bits_allocated || image.high_bit + 1 < image.bits_stored)
    throw Failure(CDICOM_CORRUPT, "%u bits stored below high bit %u", image.bits_stored, image.high_bit);
  if (image.pixel_representation > 1)
    throw Failure(CDICOM_CORRUPT, "pixel representation %u", image.pixel_representation);
  if (image.rows > file.limits.max_side || image.columns > file.limits.max_side ||
      uint64_t(image.rows) * image.columns > file.limits.max_pixels)
    throw Failure(CDICOM_TOO_LARGE, "the header says %u x %u pixels", image.columns, image.rows);
}

Cells allocate_cells(size_t bytes) {
  // DCMTK's codecs want an even size.
  Cells cells(static_cast<uint8_t *>(calloc(1, bytes + (bytes & 1))));
  if (!cells) throw std::bad_alloc();
  return cells;
}

Cells native_cells(const PixelPlace &place, const cdicom_image &image, const Syntax &syntax, const uint8_t *bytes,
                   size_t count) {
  const size_t wanted = size_t(image.rows) * image.columns * (image.bits_allocated / 8);
  if (place.is_undefined_length && !syntax.is_named)
    throw Failure(CDICOM_UNSUPPORTED, "compressed pixels, and no preamble to name their transfer syntax");
  if (place.is_undefined_length) throw Failure(CDICOM_CORRUPT, "uncompressed pixels without a length");
  const size_t there = place.offset <= count ? std::min<size_t>(count - place.offset, place.length) : 0;
  if (there < wanted) throw Failure(CDICOM_CORRUPT, "%zu of %zu bytes of pixels are there", there, wanted);
  Cells cells = allocate_cells(wanted);
  const uint8_t *source = bytes + place.offset;
  // Words hold two pixels of 8 bits each, the first in the lower half.
  const bool is_swapped = syntax.is_big_endian && (image.bits_allocated == 16 || !place.is_bytes);
  if (!is_swapped) {
    memcpy(cells.get(), source, wanted);
    return cells;
  }
  for (size_t i = 0; i < wanted; i += 1) {
    const size_t other = i ^ 1;
    cells.get()[i] = other < there ? source[other] : source[i];
  }
  return cells;
}

/// The fragments of the first frame, one behind another.
std::vector<uint8_t> first_frame(const PixelPlace &place, uint32_t frames, const uint8_t *bytes, size_t count) {
  if (!place.is_undefined_length) throw Failure(CDICOM_CORRUPT, "compressed pixels are not in fragments");
  struct Fragment {
    size_t offset, length;
  };
  std::vector<Fragment> fragments;
  size_t position = place.offset;
  size_t table_offset = 0, table_length = 0, first_fragment = 0;
  bool is_table = true;
  while (true) {
    if (position > count || count - position < 8) {
      // The last delimiter is missing in many a file whose fragments are whole.
      if (position == count && !fragments.empty()) break;
      throw Failure(CDICOM_CORRUPT, "the pixels' fragments are truncated");
    }
    const uint32_t tag = uint32_t(load16(bytes + position, false)) << 16 | load16(bytes + position + 2, false);
    const uint32_t length = load32(bytes + position + 4, false);
    if (tag == sequence_end_tag) break;
    if (tag != item_tag || length > count - position - 8)
      throw Failure(CDICOM_CORRUPT, "the pixels' fragments are damaged");
    position += 8;
    if (is_table) {
      table_offset = position;
      table_length = length;
      first_fragment = position + length;
      is_table = false;
    } else {
      if (fragments.size() >= 1'000'000) throw Failure(CDICOM_CORRUPT, "the pixels are in too many fragments");
      fragments.push_back({position, length});
    }
    position += length;
  }

  size_t end = fragments.size();
  if (frames > 1) {
    if (table_length >= 8) {
      // Offsets count from the first fragment's item.
      const size_t second = first_fragment + load32(bytes + table_offset + 4, false);
      end = 0;
      while (end < fragments.size() && fragments[end].offset - 8 < second) end += 1;
    } else if (fragments.size() == frames) {
      end = 1;
    } else {
      throw Failure(CDICOM_UNSUPPORTED, "several frames without an offset table");
    }
  }
  std::vector<uint8_t> frame;
  for (size_t i = 0; i < end; i += 1)
    frame.insert(frame.end(), bytes + fragments[i].offset, bytes + fragments[i].offset + fragments[i].length);
  if (frame.empty()) throw Failure(CDICOM_CORRUPT, "the pixels' fragments are empty");
  // DCMTK counts in 32 bits.
  if (frame.size() >= UINT32_MAX - 1) throw Failure(CDICOM_CORRUPT, "a frame of %zu bytes", frame.size());
  return frame;
}

/// What the codecs of DCMTK ask a data set for, from values that were checked.
void describe_for_codec(const cdicom_image &image, DcmDataset &data_set) {
  data_set.putAndInsertUint16(DCM_SamplesPerPixel, 1);
  data_set.putAndInsertString(DCM_PhotometricInterpretation, "MONOCHROME2");
  data_set.putAndInsertUint16(DCM_Rows, Uint16(image.rows));
  data_set.putAndInsertUint16(DCM_Columns, Uint16(image.columns));
  data_set.putAndInsertUint16(DCM_BitsAllocated, Uint16(image.bits_allocated));
  data_set.putAndInsertUint16(DCM_BitsStored, Uint16(image.bits_stored));
  data_set.putAndInsertUint16(DCM_HighBit, Uint16(image.high_bit));
  data_set.putAndInsertUint16(DCM_PixelRepresentation, Uint16(image.pixel_representation));
}

void decode_with_dcmtk(const std::string &syntax, const cdicom_image &image, std::vector<uint8_t> &frame,
                       uint8_t *cells, size_t cell_bytes) {
  DcmDataset data_set;
  describe_for_codec(image, data_set);
  if (frame.size() % 2 != 0) frame.push_back(0);
  auto sequence = std::make_unique<DcmPixelSequence>(DcmTag(DCM_PixelData, EVR_OB));
  const auto insert = [&](const uint8_t *bytes, size_t count) {
    auto item = std::make_unique<DcmPixelItem>(DcmTag(DCM_Item, EVR_OB));
    if (count > 0 && item->putUint8Array(bytes, Uint32(count)).bad()) throw std::bad_alloc();
    if (sequence->insert(item.get()).bad()) throw std::bad_alloc();
    item.release();
  };
  insert(nullptr, 0);
  insert(frame.data(), frame.size());
  DcmPixelData pixels(DCM_PixelData);
  pixels.putOriginalRepresentation(DcmXfer(syntax.c_str()).getXfer(), nullptr, sequence.release());
  Uint32 fragment = 1;
  OFString colour;
  const OFCondition condition =
      pixels.getUncompressedFrame(&data_set, 0, fragment, cells, Uint32(cell_bytes + (cell_bytes & 1)), colour);
  if (condition.bad()) throw Failure(CDICOM_CORRUPT, "DCMTK: %s", condition.text());
}

void read_pixels(cdicom_file &file, const uint8_t *bytes, size_t count, const cdicom_image &image,
                 cdicom_raster &raster) {
  check(file, image);
  const Scan &scan = file.scan;
  if (scan.syntax.is_deflated) {
    bytes = scan.inflated.data();
    count = scan.inflated.size();
  }
  raster.rows = image.rows;
  raster.columns = image.columns;
  raster.is_signed = image.pixel_representation == 1;
  raster.cell_bits = image.bits_allocated;
  raster.value_bits = image.bits_stored;
  if (scan.syntax.coding == Coding::native) {
    raster.shift = image.high_bit + 1 - image.bits_stored;
    raster.cells = native_cells(scan.pixels, image, scan.syntax, bytes, count).release();
    return;
  }
  std::vector<uint8_t> frame = first_frame(scan.pixels, image.frames, bytes, count);
  const Codestream codestream = check_codestream(scan.syntax.coding, frame.data(), frame.size(), image);
  const size_t pixel_count = size_t(image.rows) * image.columns;
  if (scan.syntax.coding == Coding::rle) {
    raster.shift = image.high_bit + 1 - image.bits_stored;
  } else {
    // A codestream may hold whole cells, or only the bits that are stored; both are aligned to its lowest bit.
    raster.cell_bits = scan.syntax.coding == Coding::jpeg_2000 || codestream.precision > 8 ? 16 : 8;
    raster.value_bits = std::min(codestream.precision, image.bits_stored);
    raster.shift = image.high_bit < codestream.precision ? image.high_bit + 1 - image.bits_stored : 0;
  }
  // Room for what the codec believes a cell takes, which may be more than the codestream gives.
  const size_t cell_bytes = pixel_count * std::max(raster.cell_bits, image.bits_allocated) / 8;
  Cells cells = allocate_cells(cell_bytes);
  switch (scan.syntax.coding) {
    case Coding::jpeg_2000:
      decode_jpeg_2000(frame.data(), frame.size(), codestream, reinterpret_cast<uint16_t *>(cells.get()));
      break;
    case Coding::jpeg_ls: decode_jpeg_ls(frame.data(), frame.size(), codestream, cells.get(), cell_bytes); break;
    default: decode_with_dcmtk(scan.syntax.uid, image, frame, cells.get(), cell_bytes);
  }
  raster.cells = cells.release();
}

}  // namespace

}  // namespace cdicom

int cdicom::read_pixels(cdicom_file *file, const uint8_t *bytes, size_t count, cdicom_raster *raster,
                        cdicom_failure *failure) {
  *raster = cdicom_raster{};
  cdicom_image image{};
  const int status = describe(file, &image, failure);
  if (status != CDICOM_OK) return status;
  return guarded(failure, [&] {
    // Offsets were found by `open` behind the meta information.
    read_pixels(*file, bytes, count, image, *raster);
  });
}
