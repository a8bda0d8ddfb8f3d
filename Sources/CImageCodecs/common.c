#include "common.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void cimage_fail(cimage_failure *failure, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(failure->message, sizeof failure->message, format, arguments);
  va_end(arguments);
}

int cimage_check_limits(uint32_t width, uint32_t height, cimage_limits limits, cimage_failure *failure) {
  if (width > limits.max_side || height > limits.max_side || (uint64_t)width * height > limits.max_pixels) {
    cimage_fail(failure, "the header says %u x %u pixels", width, height);
    return CIMAGE_TOO_LARGE;
  }
  return CIMAGE_OK;
}

void cimage_free(void *memory) { free(memory); }
