#pragma once

#include "CImageCodecs.h"

/// Deflate expands a byte to at most 1,032: a file shorter than that lies about its size.
static const uint64_t cimage_most_inflation = 1032;

/// Pillow's luminance: ITU-R 601-2 in 16-bit fixed point.
static inline uint32_t cimage_luminance(uint32_t red, uint32_t green, uint32_t blue) {
  return (red * 19595u + green * 38470u + blue * 7471u + 0x8000u) >> 16;
}

void cimage_fail(cimage_failure *failure, const char *format, ...) __attribute__((format(printf, 2, 3)));

/// CIMAGE_OK, or CIMAGE_TOO_LARGE with its message.
int cimage_check_limits(uint32_t width, uint32_t height, cimage_limits limits, cimage_failure *failure);

/// 1 if the file was an undamaged grey PNG of 8 or 16 bits, which `raster` now holds; 0 if libpng has to read it.
int cimage_png_read_grey(const uint8_t *bytes, size_t count, cimage_limits limits, cimage_raster *raster);

/// The orientation (1 to 8) that an APP1 segment's EXIF asks for; 0 where it is no EXIF or says nothing that can be
/// understood.
int cimage_exif_orientation(const uint8_t *segment, size_t count);

/// Turns and mirrors an 8-bit image as EXIF's `orientation` asks, in memory of its own, and frees what was there. Where
/// there is none left, CIMAGE_OUT_OF_MEMORY and nothing changed.
int cimage_make_upright(cimage_raster *raster, int orientation, cimage_failure *failure);
