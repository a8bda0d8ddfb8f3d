#pragma once
// Walks a file's structure and takes out what is read of it.
#include "failure.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace cdicom {

enum class Coding : uint8_t { native, rle, jpeg, jpeg_ls, jpeg_2000, unsupported };

struct Syntax {
  std::string uid;
  std::string name;
  Coding coding = Coding::unsupported;
  bool is_implicit = false;
  bool is_big_endian = false;
  bool is_deflated = false;
  /// Whether the file names it; else it was found from the data set's first element.
  bool is_named = true;
};

/// Where the pixels are: in the file, or in `Scan.inflated`.
struct PixelPlace {
  bool is_present = false;
  /// (7FE0,0008) or (7FE0,0009), which hold floating point.
  bool is_floating = false;
  bool is_undefined_length = false;
  /// OB, whose bytes have no order.
  bool is_bytes = false;
  size_t offset = 0;
  uint32_t length = 0;
};

struct Scan {
  Syntax syntax;
  /// The elements that are read, in explicit value representation and the syntax's byte order, all lengths defined.
  std::vector<uint8_t> elements;
  PixelPlace pixels;
  /// The data set of a deflated syntax.
  std::vector<uint8_t> inflated;
};

/// Where the meta information begins, or the data set if there is none; -1 if the bytes begin as no DICOM file does.
///
/// A file begins with DICM at byte 128 or at once, or without either with an element of the meta information or of a
/// data set. A few bytes of another kind of file can look like the latter.
ptrdiff_t find_start(const uint8_t *bytes, size_t count) noexcept;

/// The transfer syntax of a data set that none is named for, found from its first element, which must be of group 0008:
/// nothing if the bytes begin with anything else.
const char *guess_syntax(const uint8_t *bytes, size_t count) noexcept;

/// - Throws: `Failure` with CDICOM_NOT_DICOM, CDICOM_TRUNCATED, CDICOM_CORRUPT or CDICOM_TOO_LARGE.
Scan scan(const uint8_t *bytes, size_t count, cdicom_limits limits);

/// The syntax of a unique identifier.
Syntax find_syntax(const std::string &uid);

/// The deflated bytes, which become at most `most`.
std::vector<uint8_t> inflate_all(const uint8_t *bytes, size_t count, size_t most);

inline uint16_t load16(const uint8_t *bytes, bool big_endian) noexcept {
  return big_endian ? uint16_t(bytes[0] << 8 | bytes[1]) : uint16_t(bytes[1] << 8 | bytes[0]);
}

inline uint32_t load32(const uint8_t *bytes, bool big_endian) noexcept {
  const uint32_t first = load16(bytes, big_endian), second = load16(bytes + 2, big_endian);
  return big_endian ? first << 16 | second : second << 16 | first;
}

constexpr uint32_t undefined_length = 0xFFFFFFFF;
constexpr uint32_t item_tag = 0xFFFEE000;
constexpr uint32_t item_end_tag = 0xFFFEE00D;
constexpr uint32_t sequence_end_tag = 0xFFFEE0DD;

}  // namespace cdicom
