// The short way for the kind of PNG that radiographs come in: grey, 8 or 16 bits, not interlaced.
//
// libpng undoes the filters of one-byte pixels value by value, which for such files takes longer than inflating them.
// Here zlib inflates a strip of rows, and eight rows' filters are undone together. Any other file (another kind, an odd
// chunk, a wrong checksum, too few bytes) is left to libpng, which reads it or says what is wrong: this code never
// reports an error.
#include "common.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/// Rows inflated at a time, in bytes: they stay in the second-level cache.
enum { strip_bytes = 128 << 10 };

typedef struct {
  uint32_t width;
  uint32_t height;
  uint32_t pixel_width;   // as the chunk pHYs has them
  uint32_t pixel_height;
  size_t pixel_bytes;
  size_t stride;     // a filtered row: its filter's number, then its pixels
  uint32_t rows;     // rows of a strip
  uint8_t *strip;    // `rows` of them after `above`
  uint8_t *above;    // the row before the strip, in the same layout
  size_t filled;     // bytes of the strip that are there
  uint32_t done;     // rows finished
  void *samples;
  z_stream stream;
  int stream_is_open;
  int stream_has_ended;
  uint8_t surplus;   // where bytes go that no row has room for
} grey_reading;

static uint32_t big_endian(const uint8_t *bytes) {
  return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static uint32_t checksum(const uint8_t *bytes, size_t count) {
  uLong crc = crc32(0, Z_NULL, 0);
  while (count > 0) {
    const uInt part = count > 1u << 30 ? 1u << 30 : (uInt)count;
    crc = crc32(crc, bytes, part);
    bytes += part;
    count -= part;
  }
  return (uint32_t)crc;
}

// Filters (PNG specification, section 9). `row` and `above` point to pixels.

/// Paeth's predictor: of left, above and upper left the one nearest to left + above - upper left.
static inline int predicted(int left, int above, int corner) {
  const int by_left = abs(above - corner);
  const int by_above = abs(left - corner);
  const int by_corner = abs(left + above - 2 * corner);
  if (by_left <= by_above && by_left <= by_corner) return left;
  return by_above <= by_corner ? above : corner;
}

/// Eight rows at a time. Within a row every value waits for the one before, and which of three Paeth's predictor takes
/// cannot be foreseen: so lane k of a vector holds the pixel of row k that stands k pixels behind row 0's, and all
/// filters are computed and the row's own taken.
typedef int16_t lanes __attribute__((vector_size(16)));
enum { lane_count = 8 };

typedef struct {
  lanes left, corner;  // the last pixels, and those above them
  lanes takes_left, takes_above, takes_mean, takes_nearest;  // all bits where the row has that filter
} weave;

static inline lanes chosen(lanes condition, lanes yes, lanes no) { return (yes & condition) | (no & ~condition); }

static inline lanes magnitude(lanes value) {
  const lanes sign = value >> 15;
  return (value ^ sign) - sign;
}

/// The pixels at `t` of row 0, `t - k` of row k, for rows from `first` up to `end`. `row` is row 0's start, and rows lie
/// `stride` apart.
__attribute__((always_inline)) static inline void weave_step(
  weave *w, uint8_t *row, const uint8_t *above, size_t stride, size_t t, int first, int end
) {
  lanes raw = {0};
#pragma GCC unroll 8
  for (int k = first; k < end; k += 1) raw[k] = row[(size_t)k * (stride - 1) + t];
  // What is above a pixel is what the row above became in the step before.
  lanes up = __builtin_shufflevector(w->left, w->left, 0, 0, 1, 2, 3, 4, 5, 6);
  up[0] = first == 0 ? above[t] : 0;
  const lanes to_above = w->left - w->corner;
  const lanes to_left = up - w->corner;
  const lanes by_above = magnitude(to_above);
  const lanes by_left = magnitude(to_left);
  const lanes by_corner = magnitude(to_above + to_left);
  const lanes takes_above = (lanes)(by_above < by_left);
  const lanes nearer = chosen(takes_above, up, w->left);
  const lanes least = chosen(takes_above, by_above, by_left);
  const lanes nearest = chosen((lanes)(by_corner < least), w->corner, nearer);
  const lanes prediction = (w->left & w->takes_left) | (up & w->takes_above) |
    (((w->left + up) >> 1) & w->takes_mean) | (nearest & w->takes_nearest);
  const lanes value = (raw + prediction) & 0xFF;
#pragma GCC unroll 8
  for (int k = first; k < end; k += 1) row[(size_t)k * (stride - 1) + t] = (uint8_t)value[k];
  w->left = value;
  w->corner = up;
  // Rows that have not begun: left of them is nothing.
#pragma GCC unroll 8
  for (int k = end; k < lane_count; k += 1) w->left[k] = w->corner[k] = 0;
}

/// Undoes the filters of eight rows of one-byte pixels, at least eight of them. 0 where a filter does not exist.
static int undo_woven(uint8_t *row, const uint8_t *above, size_t count, size_t stride) {
  weave w = {0};
  for (int k = 0; k < lane_count; k += 1) {
    const int filter = *(row - 1 + (size_t)k * stride);
    if (filter > 4) return 0;
    w.takes_left[k] = filter == 1 ? -1 : 0;
    w.takes_above[k] = filter == 2 ? -1 : 0;
    w.takes_mean[k] = filter == 3 ? -1 : 0;
    w.takes_nearest[k] = filter == 4 ? -1 : 0;
  }
  for (size_t t = 0; t < lane_count - 1; t += 1) weave_step(&w, row, above, stride, t, 0, (int)t + 1);
  for (size_t t = lane_count - 1; t < count; t += 1) weave_step(&w, row, above, stride, t, 0, lane_count);
  for (size_t t = 0; t < lane_count - 1; t += 1) weave_step(&w, row, above, stride, count + t, (int)t + 1, lane_count);
  return 1;
}

static void undo_paeth(uint8_t *row, const uint8_t *above, size_t count, size_t pixel_bytes) {
  for (size_t x = 0; x < pixel_bytes; x += 1) row[x] = (uint8_t)(row[x] + above[x]);
  for (size_t x = pixel_bytes; x < count; x += 1)
    row[x] = (uint8_t)(row[x] + predicted(row[x - pixel_bytes], above[x], above[x - pixel_bytes]));
}

/// 1 where the filter is one that exists.
static int undo_filter(int filter, uint8_t *row, const uint8_t *above, size_t count, size_t pixel_bytes) {
  switch (filter) {
    case 0: return 1;
    case 1:
      for (size_t x = pixel_bytes; x < count; x += 1) row[x] = (uint8_t)(row[x] + row[x - pixel_bytes]);
      return 1;
    case 2:
      for (size_t x = 0; x < count; x += 1) row[x] = (uint8_t)(row[x] + above[x]);
      return 1;
    case 3:
      for (size_t x = 0; x < pixel_bytes; x += 1) row[x] = (uint8_t)(row[x] + above[x] / 2);
      for (size_t x = pixel_bytes; x < count; x += 1)
        row[x] = (uint8_t)(row[x] + (row[x - pixel_bytes] + above[x]) / 2);
      return 1;
    case 4:
      undo_paeth(row, above, count, pixel_bytes);
      return 1;
    default: return 0;
  }
}

/// The strip's whole rows become samples. 0 where one has a filter that does not exist.
static int finish_strip(grey_reading *reading) {
  const size_t stride = reading->stride;
  const size_t count = stride - 1;
  const uint32_t rows = (uint32_t)(reading->filled / stride);
  for (uint32_t y = 0; y < rows;) {
    uint8_t *row = reading->strip + stride * y;
    const uint8_t *above = row - stride + 1;
    if (reading->pixel_bytes == 1 && count >= lane_count && rows - y >= lane_count) {
      if (!undo_woven(row + 1, above, count, stride)) return 0;
      y += lane_count;
    } else {
      if (!undo_filter(row[0], row + 1, above, count, reading->pixel_bytes)) return 0;
      y += 1;
    }
  }
  for (uint32_t y = 0; y < rows; y += 1) {
    const uint8_t *row = reading->strip + stride * y + 1;
    const size_t start = (size_t)(reading->done + y) * reading->width;
    if (reading->pixel_bytes == 1) {
      memcpy((uint8_t *)reading->samples + start, row, count);
    } else {
      uint16_t *target = (uint16_t *)reading->samples + start;
      for (uint32_t x = 0; x < reading->width; x += 1) target[x] = (uint16_t)(row[2 * x] << 8 | row[2 * x + 1]);
    }
  }
  if (rows > 0) memcpy(reading->above, reading->strip + stride * (rows - 1), stride);
  reading->done += rows;
  reading->filled = 0;
  return 1;
}

/// Inflates one IDAT chunk. 0 where its bytes are damaged or more than the rows take.
static int inflate_chunk(grey_reading *reading, const uint8_t *bytes, uint32_t count) {
  z_stream *stream = &reading->stream;
  stream->next_in = (z_const Bytef *)bytes;
  stream->avail_in = count;
  while (stream->avail_in > 0) {
    if (reading->stream_has_ended) return 0;
    uint32_t rows = reading->height - reading->done;
    if (rows > reading->rows) rows = reading->rows;
    const size_t room = rows * reading->stride - reading->filled;
    stream->next_out = room > 0 ? reading->strip + reading->filled : &reading->surplus;
    stream->avail_out = room > 0 ? (uInt)room : 1;
    const uInt before = stream->avail_out;
    const int status = inflate(stream, Z_NO_FLUSH);
    if (status != Z_OK && status != Z_STREAM_END) return 0;
    const size_t written = before - stream->avail_out;
    if (room == 0 && written > 0) return 0;
    reading->filled += written;
    if (room > 0 && written == room && !finish_strip(reading)) return 0;
    if (status == Z_STREAM_END) reading->stream_has_ended = 1;
  }
  return 1;
}

/// 1 where the header is of a kind that is read here.
static int read_header(grey_reading *reading, const uint8_t *header, size_t file_count, cimage_limits limits) {
  cimage_failure unused;
  reading->width = big_endian(header);
  reading->height = big_endian(header + 4);
  const int depth = header[8];
  if (reading->width == 0 || reading->height == 0 || (depth != 8 && depth != 16)) return 0;
  for (int i = 9; i < 13; i += 1)  // grey; deflated; the five filters; not interlaced
    if (header[i] != 0) return 0;
  if (cimage_check_limits(reading->width, reading->height, limits, &unused) != CIMAGE_OK) return 0;

  reading->pixel_bytes = (size_t)depth / 8;
  reading->stride = 1 + reading->width * reading->pixel_bytes;
  // Strips are kept where avail_out, an unsigned int, can count them.
  if (reading->stride > 1u << 24) return 0;
  if ((uint64_t)reading->stride * reading->height / cimage_most_inflation > file_count) return 0;
  const size_t rows = strip_bytes / reading->stride / lane_count * lane_count + lane_count;
  reading->rows = rows < reading->height ? (uint32_t)rows : reading->height;
  reading->above = calloc(reading->rows + 1, reading->stride);
  reading->samples = malloc((size_t)reading->width * reading->height * reading->pixel_bytes);
  if (reading->above == NULL || reading->samples == NULL) return 0;
  reading->strip = reading->above + reading->stride;
  reading->stream_is_open = inflateInit(&reading->stream) == Z_OK;
  return reading->stream_is_open;
}

static int read_chunks(grey_reading *reading, const uint8_t *bytes, size_t count, cimage_limits limits) {
  enum { before_pixels, in_pixels, after_pixels } place = before_pixels;
  size_t position = 8;
  if (count < position + 25 || big_endian(bytes + 8) != 13 || memcmp(bytes + 12, "IHDR", 4) != 0) return 0;
  for (;;) {
    // Length, type, data, checksum of type and data.
    if (count - position < 12) return 0;
    const uint32_t length = big_endian(bytes + position);
    const uint8_t *type = bytes + position + 4;
    if (length > count - position - 12) return 0;
    if (checksum(type, (size_t)length + 4) != big_endian(type + 4 + length)) return 0;
    const int is_pixels = memcmp(type, "IDAT", 4) == 0;
    if (place == in_pixels && !is_pixels) place = after_pixels;

    if (position == 8) {
      if (!read_header(reading, type + 4, count, limits)) return 0;
    } else if (is_pixels) {
      if (place == after_pixels || !inflate_chunk(reading, type + 4, length)) return 0;
      place = in_pixels;
    } else if (memcmp(type, "IEND", 4) == 0) {
      return length == 0 && reading->stream_has_ended && reading->done == reading->height;
    } else if ((type[0] & 0x20) == 0) {
      return 0;  // a chunk that a reader may not pass over
    } else if (place == before_pixels && length == 9 && memcmp(type, "pHYs", 4) == 0) {
      reading->pixel_height = big_endian(type + 4);
      reading->pixel_width = big_endian(type + 8);
    }
    position += (size_t)length + 12;
  }
}

int cimage_png_read_grey(const uint8_t *bytes, size_t count, cimage_limits limits, cimage_raster *raster) {
  grey_reading reading = {0};
  const int taken = read_chunks(&reading, bytes, count, limits);
  if (taken) {
    *raster = (cimage_raster){
      .width = reading.width, .height = reading.height, .bits = reading.pixel_bytes == 1 ? 8 : 16,
      .source_width = reading.width, .source_height = reading.height, .pixel_width = reading.pixel_width,
      .pixel_height = reading.pixel_height, .samples = reading.samples};
    reading.samples = NULL;
  }
  if (reading.stream_is_open) inflateEnd(&reading.stream);
  free(reading.above);
  free(reading.samples);
  return taken;
}
