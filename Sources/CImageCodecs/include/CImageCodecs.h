// Grey images in and out of PNG and JPEG files held in memory.
//
// libpng and libjpeg report errors by longjmp, which must not cross a Swift frame: every function here keeps its
// setjmp to itself, returns a status, and leaves a message in `failure`.
#pragma once

#include <stddef.h>
#include <stdint.h>

#if defined(__clang__)
#define CIMAGE_NULLABLE _Nullable
#define CIMAGE_NONNULL _Nonnull
#else
#define CIMAGE_NULLABLE
#define CIMAGE_NONNULL
#endif

enum {
  CIMAGE_OK = 0,
  /// The bytes are not an image of that format, are truncated, or are corrupt.
  CIMAGE_CORRUPT = 1,
  /// The header asks for more pixels than the limits allow.
  CIMAGE_TOO_LARGE = 2,
  /// A variant that the library cannot read (12-bit JPEG, lossless JPEG).
  CIMAGE_UNSUPPORTED = 3,
  CIMAGE_OUT_OF_MEMORY = 4,
};

/// What went wrong, as one line of text.
typedef struct {
  char message[240];
} cimage_failure;

/// Limits that hold before anything of the image's size is allocated.
typedef struct {
  uint32_t max_side;
  uint64_t max_pixels;
} cimage_limits;

/// A decoded grey raster, the right way up. `source_width` and `source_height` are the sides before a reduction while
/// decoding. `pixel_width` and `pixel_height` are the sides of a pixel in a unit of their own, both 0 if the file does not
/// say (PNG: pHYs; JPEG: the densities of JFIF). `samples` holds width * height values, one byte each where `bits` is 8, two (native order)
/// where it is 16; free with `cimage_free`.
typedef struct {
  uint32_t width;
  uint32_t height;
  uint32_t bits;
  uint32_t source_width;
  uint32_t source_height;
  uint32_t pixel_width;
  uint32_t pixel_height;
  void *CIMAGE_NULLABLE samples;
} cimage_raster;

/// A key and a value of a PNG text chunk: Latin-1 (tEXt) where `international` is 0, UTF-8 (iTXt) otherwise.
typedef struct {
  const char *CIMAGE_NONNULL key;
  const char *CIMAGE_NONNULL value;
  int international;
} cimage_text;

/// A run of bytes: an encoded file (free with `cimage_free`), or the payload of a JPEG marker.
typedef struct {
  uint8_t *CIMAGE_NULLABLE bytes;
  size_t count;
} cimage_bytes;

/// Receives the text chunks of a PNG. `key` is Latin-1; `value` is UTF-8 where `international` is not 0.
typedef void (*cimage_text_visitor)(
  void *CIMAGE_NULLABLE context, const char *CIMAGE_NONNULL key, const char *CIMAGE_NONNULL value, size_t value_count,
  int international);

int cimage_png_read(
  const uint8_t *CIMAGE_NONNULL bytes, size_t count, cimage_limits limits, cimage_raster *CIMAGE_NONNULL raster,
  cimage_failure *CIMAGE_NONNULL failure);

int cimage_png_read_text(
  const uint8_t *CIMAGE_NONNULL bytes, size_t count, cimage_limits limits, cimage_text_visitor CIMAGE_NONNULL visitor,
  void *CIMAGE_NULLABLE context, cimage_failure *CIMAGE_NONNULL failure);

/// Writes 8-bit grey.
int cimage_png_write(
  const uint8_t *CIMAGE_NONNULL pixels, uint32_t width, uint32_t height, const cimage_text *CIMAGE_NULLABLE texts,
  size_t text_count, cimage_bytes *CIMAGE_NONNULL file, cimage_failure *CIMAGE_NONNULL failure);

/// Reads to 8-bit grey, turned as its EXIF says. Where `min_side` is above 0 the image may come back reduced by 2, 4 or 8, as long as its
/// shorter side keeps that many pixels: decoding then costs a fraction.
int cimage_jpeg_read(
  const uint8_t *CIMAGE_NONNULL bytes, size_t count, cimage_limits limits, uint32_t min_side,
  cimage_raster *CIMAGE_NONNULL raster, cimage_failure *CIMAGE_NONNULL failure);

/// Writes 8-bit grey. `quality` is libjpeg's 1 to 100; every run of `app1` becomes an APP1 marker (EXIF, XMP) and may
/// hold at most 65,533 bytes.
int cimage_jpeg_write(
  const uint8_t *CIMAGE_NONNULL pixels, uint32_t width, uint32_t height, int quality,
  const cimage_bytes *CIMAGE_NULLABLE app1, size_t app1_count, cimage_bytes *CIMAGE_NONNULL file,
  cimage_failure *CIMAGE_NONNULL failure);

/// A filter for one axis: output `i` is the sum of `counts[i]` inputs from `firsts[i]` on, times the weights from
/// `i * stride` on.
typedef struct {
  uint32_t outputs;
  uint32_t stride;
  const uint32_t *CIMAGE_NONNULL firsts;
  const uint32_t *CIMAGE_NONNULL counts;
  const float *CIMAGE_NONNULL weights;
} cimage_filter;

/// What is resampled: `bits` of 8 or 16 are unsigned integers, 32 is float; `stride` samples lie between two rows.
typedef struct {
  uint32_t bits;
  uint32_t width;
  uint32_t height;
  size_t stride;
  const void *CIMAGE_NONNULL samples;
} cimage_plane;

/// Filters rows, then columns; an axis without a filter keeps its length. After each axis values are held to `least`
/// and `greatest`. `result` has room for the outputs of both axes. CIMAGE_OK or CIMAGE_OUT_OF_MEMORY.
int cimage_resample(
  cimage_plane source, const cimage_filter *CIMAGE_NULLABLE across, const cimage_filter *CIMAGE_NULLABLE down,
  float least, float greatest, float *CIMAGE_NONNULL result);

/// The least and the greatest of `count` values, which is at least 1; NaN is passed over, and all NaN gives 0 and 0.
void cimage_extent(
  const float *CIMAGE_NONNULL values, size_t count, float *CIMAGE_NONNULL least, float *CIMAGE_NONNULL greatest);

/// `(value - origin) * scale` rounded to the nearest of 0...255, halves up; NaN becomes 0.
void cimage_round(
  const float *CIMAGE_NONNULL values, size_t count, float origin, float scale, uint8_t *CIMAGE_NONNULL pixels);

void cimage_free(void *CIMAGE_NULLABLE memory);
