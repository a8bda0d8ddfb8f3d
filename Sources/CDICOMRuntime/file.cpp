#include "file.h"
#include "functions.h"

#include <dcmtk/dcmdata/dcistrmb.h>
#include <dcmtk/dcmdata/dcrledrg.h>
#include <dcmtk/dcmjpeg/djdecode.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>

namespace cdicom {

void prepare_dcmtk() {
  static std::once_flag once;
  std::call_once(once, [] {
    OFLog::configure(OFLogger::OFF_LOG_LEVEL);
    DJDecoderRegistration::registerCodecs(EDC_never);
    DcmRLEDecoderRegistration::registerCodecs();
  });
}

namespace {

void read_elements(DcmDataset &data_set, const Scan &scan) {
  if (scan.elements.empty()) return;
  DcmInputBufferStream stream;
  stream.setBuffer(scan.elements.data(), offile_off_t(scan.elements.size()));
  stream.setEos();
  data_set.transferInit();
  const OFCondition condition =
      data_set.read(stream, scan.syntax.is_big_endian ? EXS_BigEndianExplicit : EXS_LittleEndianExplicit,
                    EGL_noChange, DCM_MaxReadLength);
  data_set.transferEnd();
  if (condition.bad()) throw Failure(CDICOM_CORRUPT, "DCMTK refuses its header: %s", condition.text());
}

/// The data set, the first item of a sequence of it, or nothing.
DcmItem *find_item(cdicom_file &file, uint32_t sequence) {
  if (sequence == 0) return &file.data_set;
  DcmItem *item = nullptr;
  return file.data_set.findAndGetSequenceItem(key(sequence), item, 0).good() ? item : nullptr;
}

/// The lower 16 bits of an US or SS element; `is_signed` says which it is.
bool read_number(DcmItem &item, uint32_t tag, unsigned long position, uint16_t &value, bool &is_signed) {
  Uint16 number = 0;
  Sint16 signed_number = 0;
  is_signed = false;
  if (item.findAndGetUint16(key(tag), number, position).good()) {
    value = number;
    return true;
  }
  if (item.findAndGetSint16(key(tag), signed_number, position).bad()) return false;
  is_signed = true;
  value = uint16_t(signed_number);
  return true;
}

uint32_t number(DcmItem &item, uint32_t tag) {
  uint16_t value = 0;
  bool is_signed = false;
  return read_number(item, tag, 0, value, is_signed) ? value : 0;
}

void *allocate(size_t count) {
  void *memory = malloc(count > 0 ? count : 1);
  if (!memory) throw std::bad_alloc();
  return memory;
}

uint32_t frame_count(DcmItem &item) {
  OFString text;
  if (item.findAndGetOFString(key(0x00280008), text).bad()) return 1;
  const long frames = strtol(text.c_str(), nullptr, 10);
  return frames >= 1 && frames <= INT32_MAX ? uint32_t(frames) : 1;
}

void read_table(DcmItem &item, bool pixels_are_signed, cdicom_table &table) {
  uint16_t count = 0, first = 0, bits = 0;
  bool is_signed = false, ignored = false;
  constexpr uint32_t descriptor = 0x00283002, data = 0x00283006;
  if (!read_number(item, descriptor, 0, count, ignored) || !read_number(item, descriptor, 1, first, is_signed) ||
      !read_number(item, descriptor, 2, bits, ignored))
    throw Failure(CDICOM_CORRUPT, "a lookup table has no descriptor");
  if (bits < 8 || bits > 16) throw Failure(CDICOM_CORRUPT, "a lookup table says %u bits an entry", bits);
  const Uint16 *words = nullptr;
  unsigned long word_count = 0;
  if (item.findAndGetUint16Array(key(data), words, &word_count).bad() || !words || word_count == 0)
    throw Failure(CDICOM_CORRUPT, "a lookup table has no entries");
  // 0 means 65,536, which 16 bits do not hold.
  const size_t entries = count == 0 ? 65'536 : count;
  const bool are_bytes = bits == 8 && word_count < entries && (entries + 1) / 2 == word_count;
  if (!are_bytes && word_count < entries)
    throw Failure(CDICOM_CORRUPT, "a lookup table has %lu of %zu entries", word_count, entries);

  table.entries = static_cast<uint16_t *>(allocate(entries * sizeof(uint16_t)));
  table.count = entries;
  table.bits = bits;
  table.first = is_signed || pixels_are_signed ? int16_t(first) : first;
  for (size_t i = 0; i < entries; i += 1)
    table.entries[i] = are_bytes ? uint16_t(words[i / 2] >> (i % 2 * 8) & 0xFF) : words[i];
}

}  // namespace

}  // namespace cdicom

using namespace cdicom;

int cdicom::open(const uint8_t *bytes, size_t count, cdicom_limits limits, cdicom_file **file,
                 cdicom_failure *failure) {
  *file = nullptr;
  return guarded(failure, [&] {
    prepare_dcmtk();
    Scan found = scan(bytes, count, limits);
    std::unique_ptr<cdicom_file> opened(new cdicom_file);
    opened->limits = limits;
    opened->scan = std::move(found);
    read_elements(opened->data_set, opened->scan);
    *file = opened.release();
  });
}

int cdicom::begins(const uint8_t *bytes, size_t count) { return find_start(bytes, count) >= 0; } 
void cdicom::close(cdicom_file *file) { delete file; }

const char *cdicom::syntax(const cdicom_file *file) { return file->scan.syntax.uid.c_str(); }

const char *cdicom::syntax_name(const cdicom_file *file) { return file->scan.syntax.name.c_str(); }

int cdicom::syntax_is_read(const cdicom_file *file) { return file->scan.syntax.coding != Coding::unsupported; } 
int cdicom::text(cdicom_file *file, cdicom_path path, char **text, size_t *count, cdicom_failure *failure) {
  *text = nullptr;
  *count = 0;
  return guarded(failure, [&] {
    DcmItem *item = find_item(*file, path.sequence);
    OFString value;
    if (!item || item->findAndGetOFStringArray(key(path.element), value).bad()) return;
    char *copy = static_cast<char *>(allocate(value.size()));
    memcpy(copy, value.data(), value.size());
    *text = copy;
    *count = value.size();
  });
}

int cdicom::describe(cdicom_file *file, cdicom_image *image, cdicom_failure *failure) {
  return guarded(failure, [&] {
    DcmItem &item = file->data_set;
    image->rows = number(item, 0x00280010);
    image->columns = number(item, 0x00280011);
    image->samples_per_pixel = number(item, 0x00280002);
    image->bits_allocated = number(item, 0x00280100);
    image->bits_stored = number(item, 0x00280101);
    image->high_bit = number(item, 0x00280102);
    image->pixel_representation = number(item, 0x00280103);
    image->frames = frame_count(item);
    OFString photometric;
    item.findAndGetOFString(key(0x00280004), photometric);
    image->monochrome = photometric == "MONOCHROME1" ? 0 : photometric == "MONOCHROME2" ? 1 : -1;
    image->has_pixels = file->scan.pixels.is_present;
  });
}

int cdicom::read_table(cdicom_file *file, uint32_t sequence, cdicom_table *table, cdicom_failure *failure) {
  *table = cdicom_table{};
  return guarded(failure, [&] {
    DcmItem *item = find_item(*file, sequence);
    if (item) read_table(*item, number(file->data_set, 0x00280103) == 1, *table);
  });
}
