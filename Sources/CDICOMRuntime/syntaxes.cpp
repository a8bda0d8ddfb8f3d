#include "scan.h"

#include <zlib.h>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcuid.h>
#include <dcmtk/dcmdata/dcxfer.h>

#include <algorithm>

namespace cdicom {

namespace {

struct KnownSyntax {
  const char *uid;
  Coding coding;
  bool is_implicit, is_big_endian, is_deflated;
};

// PS3.6, table A-1. Any other is encapsulated, and its data set explicit and little endian.
constexpr KnownSyntax known_syntaxes[] = {
    {"1.2.840.10008.1.2", Coding::native, true, false, false},
    {"1.2.840.10008.1.2.1", Coding::native, false, false, false},
    {"1.2.840.10008.1.2.1.99", Coding::native, false, false, true},
    {"1.2.840.10008.1.2.2", Coding::native, false, true, false},
    {"1.2.840.10008.1.2.4.50", Coding::jpeg, false, false, false},
    {"1.2.840.10008.1.2.4.51", Coding::jpeg, false, false, false},
    {"1.2.840.10008.1.2.4.57", Coding::jpeg, false, false, false},
    {"1.2.840.10008.1.2.4.70", Coding::jpeg, false, false, false},
    {"1.2.840.10008.1.2.4.80", Coding::jpeg_ls, false, false, false},
    {"1.2.840.10008.1.2.4.81", Coding::jpeg_ls, false, false, false},
    {"1.2.840.10008.1.2.4.90", Coding::jpeg_2000, false, false, false},
    {"1.2.840.10008.1.2.4.91", Coding::jpeg_2000, false, false, false},
    {"1.2.840.10008.1.2.5", Coding::rle, false, false, false},
    // General Electric's own, whose pixels are big endian in a little endian data set.
    {"1.2.840.113619.5.2", Coding::unsupported, true, false, false},
};

}  // namespace

Syntax find_syntax(const std::string &uid) {
  Syntax syntax;
  for (const char letter : uid)
    if (letter != '.' && (letter < '0' || letter > '9'))
      throw Failure(CDICOM_CORRUPT, "its transfer syntax is not an identifier");
  syntax.uid = uid;
  for (const KnownSyntax &known : known_syntaxes) {
    if (uid != known.uid) continue;
    syntax.coding = known.coding;
    syntax.is_implicit = known.is_implicit;
    syntax.is_big_endian = known.is_big_endian;
    syntax.is_deflated = known.is_deflated;
  }
  const DcmXfer known(uid.c_str());
  const char *keyword = dcmFindNameOfUID(uid.c_str());
  syntax.name = known.getXfer() != EXS_Unknown ? known.getXferName()
                : keyword                      ? std::string(keyword)
                                               : "transfer syntax " + uid;
  return syntax;
}

std::vector<uint8_t> inflate_all(const uint8_t *bytes, size_t count, size_t most) {
  struct Inflation {
    z_stream stream{};
    ~Inflation() { inflateEnd(&stream); }
  } inflation;
  z_stream &stream = inflation.stream;
  // Without zlib's own header and checksum, as PS3.5, A.5 has it.
  if (inflateInit2(&stream, -15) != Z_OK) throw std::bad_alloc();

  std::vector<uint8_t> result;
  size_t consumed = 0;
  int status = Z_OK;
  while (status != Z_STREAM_END) {
    if (stream.avail_in == 0) {
      constexpr size_t largest_piece = size_t(1) << 30;
      stream.next_in = const_cast<Bytef *>(bytes + consumed);
      stream.avail_in = uInt(std::min(count - consumed, largest_piece));
      consumed += stream.avail_in;
      if (stream.avail_in == 0) throw Failure(CDICOM_TRUNCATED, "its deflated data set ends too early");
    }
    const size_t filled = result.size();
    if (filled >= most) throw Failure(CDICOM_TOO_LARGE, "its deflated data set grows beyond %zu bytes", most);
    result.resize(std::min(most, std::max(size_t(1) << 16, filled * 2)));
    stream.next_out = result.data() + filled;
    stream.avail_out = uInt(std::min(result.size() - filled, size_t(1) << 30));
    const uInt room = stream.avail_out;
    status = inflate(&stream, Z_NO_FLUSH);
    result.resize(filled + (room - stream.avail_out));
    if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
      throw Failure(CDICOM_CORRUPT, "its deflated data set is damaged");
  }
  return result;
}

}  // namespace cdicom
