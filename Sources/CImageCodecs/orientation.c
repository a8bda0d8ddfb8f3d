// EXIF's orientation: which way up a JPEG is to be seen (EXIF 2.32, tag 0x0112 of the first directory).
#include "common.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
  const uint8_t *bytes;
  size_t count;
  int big_endian;
} tiff_reader;

/// `size` bytes (at most 4) at `offset`, or -1 where they are not all there.
static int64_t number(const tiff_reader *tiff, uint64_t offset, int size) {
  if (offset > tiff->count || tiff->count - offset < (size_t)size) return -1;
  int64_t value = 0;
  for (int i = 0; i < size; i += 1)
    value = value << 8 | tiff->bytes[offset + (size_t)(tiff->big_endian ? i : size - 1 - i)];
  return value;
}

int cimage_exif_orientation(const uint8_t *segment, size_t count) {
  enum { orientation_tag = 0x0112, short_type = 3, long_type = 4 };
  if (count < 14 || memcmp(segment, "Exif\0\0", 6) != 0) return 0;
  tiff_reader tiff = {segment + 6, count - 6, 0};
  if (memcmp(tiff.bytes, "MM", 2) == 0) {
    tiff.big_endian = 1;
  } else if (memcmp(tiff.bytes, "II", 2) != 0) {
    return 0;
  }
  if (number(&tiff, 2, 2) != 42) return 0;
  const int64_t directory = number(&tiff, 4, 4);
  const int64_t entries = number(&tiff, (uint64_t)directory, 2);
  for (int64_t i = 0; i < entries; i += 1) {
    // Tag, type, count, value.
    const uint64_t entry = (uint64_t)directory + 2 + 12 * (uint64_t)i;
    const int64_t tag = number(&tiff, entry, 2);
    if (tag < 0) return 0;
    if (tag != orientation_tag) continue;
    const int64_t type = number(&tiff, entry + 2, 2);
    if ((type != short_type && type != long_type) || number(&tiff, entry + 4, 4) != 1) return 0;
    const int64_t value = number(&tiff, entry + 8, type == short_type ? 2 : 4);
    return value >= 1 && value <= 8 ? (int)value : 0;
  }
  return 0;
}

int cimage_make_upright(cimage_raster *raster, int orientation, cimage_failure *failure) {
  if (orientation <= 1 || orientation > 8) return CIMAGE_OK;
  const size_t width = raster->width;
  const size_t height = raster->height;
  const int transposes = orientation >= 5;
  // What 0th row and 0th column of the stored image are: 2 3 (and 7 8) end in the seen image's right or lower edge.
  const int from_right = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const int from_below = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;

  uint8_t *upright = malloc(width * height);
  if (upright == NULL) {
    cimage_fail(failure, "out of memory");
    return CIMAGE_OUT_OF_MEMORY;
  }
  // In squares, so that a transposition reads and writes lines of the cache as a whole.
  enum { side = 32 };
  const uint8_t *stored = raster->samples;
  const size_t new_width = transposes ? height : width;
  const size_t new_height = transposes ? width : height;
  for (size_t top = 0; top < new_height; top += side)
    for (size_t left = 0; left < new_width; left += side)
      for (size_t y = top; y < top + side && y < new_height; y += 1)
        for (size_t x = left; x < left + side && x < new_width; x += 1) {
          size_t column = transposes ? y : x;
          size_t row = transposes ? x : y;
          if (from_right) column = width - 1 - column;
          if (from_below) row = height - 1 - row;
          upright[y * new_width + x] = stored[row * width + column];
        }
  free(raster->samples);
  raster->samples = upright;
  raster->width = (uint32_t)new_width;
  raster->height = (uint32_t)new_height;
  if (transposes) {
    const uint32_t source_width = raster->source_width;
    raster->source_width = raster->source_height;
    raster->source_height = source_width;
    const uint32_t pixel_width = raster->pixel_width;
    raster->pixel_width = raster->pixel_height;
    raster->pixel_height = pixel_width;
  }
  return CIMAGE_OK;
}
