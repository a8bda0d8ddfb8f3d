// Separable resampling in floating point, four values at a time.
#include "common.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/// Four rows of one column. GCC's and Clang's vectors: SSE on x86_64, NEON on arm64.
typedef float lanes __attribute__((vector_size(16)));
enum { lane_count = 4 };

/// NaN stays.
static inline float held(float value, float least, float greatest) {
  value = value < least ? least : value;
  return value > greatest ? greatest : value;
}

/// Four values of each of four rows to four columns.
static inline void transpose(const lanes rows[lane_count], lanes columns[lane_count]) {
  const lanes a = __builtin_shufflevector(rows[0], rows[1], 0, 4, 1, 5);
  const lanes b = __builtin_shufflevector(rows[0], rows[1], 2, 6, 3, 7);
  const lanes c = __builtin_shufflevector(rows[2], rows[3], 0, 4, 1, 5);
  const lanes d = __builtin_shufflevector(rows[2], rows[3], 2, 6, 3, 7);
  columns[0] = __builtin_shufflevector(a, c, 0, 1, 4, 5);
  columns[1] = __builtin_shufflevector(a, c, 2, 3, 6, 7);
  columns[2] = __builtin_shufflevector(b, d, 0, 1, 4, 5);
  columns[3] = __builtin_shufflevector(b, d, 2, 3, 6, 7);
}

/// Four rows side by side, column by column. Below the last row the last one stands again.
#define GATHER(name, type)                                                                           \
  static void name(cimage_plane source, uint32_t y, lanes *columns) {                                \
    typedef type four __attribute__((vector_size(lane_count * sizeof(type))));                       \
    const type *rows[lane_count];                                                                    \
    for (uint32_t i = 0; i < lane_count; i += 1) {                                                   \
      const size_t row = y + i < source.height ? y + i : source.height - 1;                          \
      rows[i] = (const type *)source.samples + row * source.stride;                                  \
    }                                                                                                \
    uint32_t x = 0;                                                                                  \
    for (; x + lane_count <= source.width; x += lane_count) {                                        \
      lanes values[lane_count];                                                                      \
      for (int i = 0; i < lane_count; i += 1) {                                                      \
        four taken;                                                                                  \
        memcpy(&taken, rows[i] + x, sizeof taken);                                                   \
        values[i] = __builtin_convertvector(taken, lanes);                                           \
      }                                                                                              \
      transpose(values, columns + x);                                                                \
    }                                                                                                \
    for (; x < source.width; x += 1)                                                                 \
      for (int i = 0; i < lane_count; i += 1) columns[x][i] = (float)rows[i][x];                     \
  }
GATHER(gather_8, uint8_t)
GATHER(gather_16, uint16_t)
GATHER(gather_float, float)
#undef GATHER

/// One output of four rows.
static inline lanes filtered(
  const lanes *columns, const cimage_filter *across, uint32_t x, float least, float greatest
) {
  const lanes *taken = columns + across->firsts[x];
  const float *weights = across->weights + (size_t)x * across->stride;
  lanes sum = {0};
  for (uint32_t i = 0; i < across->counts[x]; i += 1) sum += taken[i] * weights[i];
  for (int i = 0; i < lane_count; i += 1) sum[i] = held(sum[i], least, greatest);
  return sum;
}

/// Filters four rows from `y` on into lines of `across->outputs` floats.
static void filter_rows(
  cimage_plane source, uint32_t y, const cimage_filter *across, float least, float greatest, lanes *columns,
  float *lines
) {
  switch (source.bits) {
    case 8: gather_8(source, y, columns); break;
    case 16: gather_16(source, y, columns); break;
    default: gather_float(source, y, columns);
  }
  const uint32_t outputs = across == NULL ? source.width : across->outputs;
  for (uint32_t x = 0; x < outputs; x += lane_count) {
    const uint32_t there = outputs - x < lane_count ? outputs - x : lane_count;
    lanes sums[lane_count] = {{0}};
    for (uint32_t i = 0; i < there; i += 1)
      sums[i] = across == NULL ? columns[x + i] : filtered(columns, across, x + i, least, greatest);
    lanes rows[lane_count];
    transpose(sums, rows);
    for (uint32_t i = 0; i < lane_count; i += 1)
      memcpy(lines + (size_t)i * outputs + x, &rows[i], there * sizeof(float));
  }
}

int cimage_resample(
  cimage_plane source, const cimage_filter *across, const cimage_filter *down, float least, float greatest,
  float *result
) {
  const size_t outputs = across == NULL ? source.width : across->outputs;
  const size_t result_rows = down == NULL ? source.height : down->outputs;
  lanes *columns = aligned_alloc(sizeof(lanes), source.width * sizeof(lanes));
  float *lines = malloc(lane_count * outputs * sizeof(float));
  const int enough = columns != NULL && lines != NULL;
  if (enough) {
    memset(result, 0, outputs * result_rows * sizeof(float));
    // Every row is added to the outputs whose span holds it, so that no row is kept. Spans begin and end in order.
    uint32_t first_open = 0;
    for (uint32_t y = 0; y < source.height; y += 1) {
      if (y % lane_count == 0) filter_rows(source, y, across, least, greatest, columns, lines);
      const float *line = lines + (y % lane_count) * outputs;
      if (down == NULL) {
        memcpy(result + y * outputs, line, outputs * sizeof(float));
        continue;
      }
      while (first_open < down->outputs && down->firsts[first_open] + down->counts[first_open] <= y) first_open += 1;
      for (uint32_t i = first_open; i < down->outputs && down->firsts[i] <= y; i += 1) {
        const float weight = down->weights[(size_t)i * down->stride + (y - down->firsts[i])];
        float *target = result + i * outputs;
        for (size_t x = 0; x < outputs; x += 1) target[x] += line[x] * weight;
      }
    }
    if (down != NULL)
      for (size_t i = 0; i < outputs * result_rows; i += 1) result[i] = held(result[i], least, greatest);
  }
  free(columns);
  free(lines);
  return enough ? CIMAGE_OK : CIMAGE_OUT_OF_MEMORY;
}

void cimage_extent(const float *values, size_t count, float *least, float *greatest) {
  // Several at a time: a compiler may not reorder comparisons by itself.
  enum { side_by_side = 16 };
  float low[side_by_side];
  float high[side_by_side];
  for (int i = 0; i < side_by_side; i += 1) {
    low[i] = INFINITY;
    high[i] = -INFINITY;
  }
  size_t x = 0;
  for (; x + side_by_side <= count; x += side_by_side)
    for (int i = 0; i < side_by_side; i += 1) {
      low[i] = values[x + i] < low[i] ? values[x + i] : low[i];
      high[i] = values[x + i] > high[i] ? values[x + i] : high[i];
    }
  for (; x < count; x += 1) {
    low[0] = values[x] < low[0] ? values[x] : low[0];
    high[0] = values[x] > high[0] ? values[x] : high[0];
  }
  for (int i = 1; i < side_by_side; i += 1) {
    low[0] = low[i] < low[0] ? low[i] : low[0];
    high[0] = high[i] > high[0] ? high[i] : high[0];
  }
  *least = low[0] <= high[0] ? low[0] : 0;
  *greatest = low[0] <= high[0] ? high[0] : 0;
}

void cimage_round(const float *values, size_t count, float origin, float scale, uint8_t *pixels) {
  for (size_t i = 0; i < count; i += 1) {
    float value = (values[i] - origin) * scale;
    value = value > 0 ? value : 0;
    value = value < 255 ? value : 255;
    const int whole = (int)value;
    pixels[i] = (uint8_t)(whole + (value - (float)whole >= 0.5f));
  }
}
