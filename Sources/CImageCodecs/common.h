#pragma once

#include "CImageCodecs.h"

/// Pillow's luminance: ITU-R 601-2 in 16-bit fixed point.
static inline uint32_t cimage_luminance(uint32_t red, uint32_t green, uint32_t blue) {
  return (red * 19595u + green * 38470u + blue * 7471u + 0x8000u) >> 16;
}

void cimage_fail(cimage_failure *failure, const char *format, ...) __attribute__((format(printf, 2, 3)));

/// CIMAGE_OK, or CIMAGE_TOO_LARGE with its message.
int cimage_check_limits(uint32_t width, uint32_t height, cimage_limits limits, cimage_failure *failure);
