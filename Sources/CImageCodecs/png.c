#include "common.h"

#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

typedef struct {
  const uint8_t *bytes;
  size_t count;
  size_t position;
  size_t pixels_end;  // where the last IDAT chunk ends
  size_t row_limit;   // where within the pixels the row that is being read must end
} byte_reader;

static void on_error(png_structp png, png_const_charp message) {
  cimage_fail(png_get_error_ptr(png), "%s", message);
  png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp message) {
  (void)png;
  (void)message;
}

static void read_bytes(png_structp png, png_bytep target, size_t count) {
  byte_reader *reader = png_get_io_ptr(png);
  if (count > reader->count - reader->position) png_error(png, "the file is truncated");
  if (reader->position > reader->row_limit && reader->position < reader->pixels_end)
    png_error(png, "it holds more pixels than its header says");
  memcpy(target, reader->bytes + reader->position, count);
  reader->position += count;
}

/// Everything that a read owns. It lives outside the function that calls setjmp, so that no local is lost by longjmp.
typedef struct {
  png_structp png;
  png_infop info;
  byte_reader reader;
  png_bytep row;  // one decoded row
  void *samples;
} png_reading;

static void finish_reading(png_reading *reading) {
  png_destroy_read_struct(&reading->png, &reading->info, NULL);
  free(reading->row);
  free(reading->samples);
}

/// Whether every chunk up to the last is as long as it says. libpng asks for a chunk's whole memory, up to 2 GiB, before
/// it sees how much is there.
static int chunks_are_whole(byte_reader *reader) {
  size_t position = 8;
  while (reader->count - position >= 12) {
    const uint8_t *chunk = reader->bytes + position;
    const uint32_t length = png_get_uint_32(chunk);
    if (length > reader->count - position - 12) return 0;
    position += (size_t)length + 12;
    if (memcmp(chunk + 4, "IDAT", 4) == 0) reader->pixels_end = position;
    if (memcmp(chunk + 4, "IEND", 4) == 0) return 1;
  }
  return 0;
}

/// Reads a row. With the last one libpng inflates whatever is left of the pixels, a gigabyte from every megabyte: a row
/// may take a file's bytes for its pixels in the smallest of chunks, and some for what encoders leave over, no more.
static void read_row(png_structp png, png_infop info, byte_reader *reader, png_bytep row) {
  enum { most_overhead = 16, most_surplus = 64 << 10 };
  reader->row_limit = reader->position + png_get_rowbytes(png, info) * most_overhead + most_surplus;
  png_read_row(png, row, NULL);
}

static int start_reading(png_reading *reading, const uint8_t *bytes, size_t count, cimage_failure *failure) {
  if (count < 8 || png_sig_cmp(bytes, 0, 8) != 0) {
    cimage_fail(failure, "it does not start as a PNG does");
    return CIMAGE_CORRUPT;
  }
  reading->reader = (byte_reader){.bytes = bytes, .count = count, .row_limit = SIZE_MAX};
  if (!chunks_are_whole(&reading->reader)) {
    cimage_fail(failure, "the file is truncated");
    return CIMAGE_CORRUPT;
  }
  reading->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, failure, on_error, on_warning);
  if (reading->png != NULL) reading->info = png_create_info_struct(reading->png);
  if (reading->info == NULL) {
    cimage_fail(failure, "out of memory");
    return CIMAGE_OUT_OF_MEMORY;
  }
  png_set_read_fn(reading->png, &reading->reader, read_bytes);
  // Our own limits speak: the header is checked below, before anything of its size is allocated.
  png_set_user_limits(reading->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  return CIMAGE_OK;
}

/// Row `pass`, `y` as decoded, 1 to 4 channels a pixel, to one grey value a pixel; alpha is ignored, as Pillow's
/// `convert("L")` does. An Adam7 pass leaves out pixels; pass -1 is a whole image.
static void place_row(png_reading *reading, int pass, uint32_t y, uint32_t width, uint32_t channels, int wide) {
  const size_t start = pass < 0 ? 0 : PNG_PASS_START_COL(pass);
  const size_t step = pass < 0 ? 1 : PNG_PASS_COL_OFFSET(pass);
  const size_t row = pass < 0 ? y : PNG_ROW_FROM_PASS_ROW(y, pass);
  const int colour = channels >= 3;
  if (wide) {
    const uint16_t *source = (const uint16_t *)(void *)reading->row;
    uint16_t *target = (uint16_t *)reading->samples + row * width;
    for (size_t x = start; x < width; x += step, source += channels)
      target[x] = (uint16_t)(colour ? cimage_luminance(source[0], source[1], source[2]) : source[0]);
  } else {
    const uint8_t *source = reading->row;
    uint8_t *target = (uint8_t *)reading->samples + row * width;
    for (size_t x = start; x < width; x += step, source += channels)
      target[x] = (uint8_t)(colour ? cimage_luminance(source[0], source[1], source[2]) : source[0]);
  }
}

static int read_pixels(png_reading *reading, cimage_limits limits, cimage_raster *raster, cimage_failure *failure) {
  if (setjmp(png_jmpbuf(reading->png)) != 0) return CIMAGE_CORRUPT;
  png_structp png = reading->png;
  png_infop info = reading->info;

  // Nothing beside the pixels is wanted: colour profiles and texts, which may inflate to gigabytes, are passed over.
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
  png_read_info(png, info);
  // Pixels along a unit's length: the more there are, the smaller each is.
  png_uint_32 across = 0, down = 0;
  int unit = 0;
  png_get_pHYs(png, info, &across, &down, &unit);
  const uint32_t width = png_get_image_width(png, info);
  const uint32_t height = png_get_image_height(png, info);
  int status = cimage_check_limits(width, height, limits, failure);
  if (status != CIMAGE_OK) return status;
  const uint64_t stored = (uint64_t)png_get_rowbytes(png, info) * height;
  if (stored / cimage_most_inflation > reading->reader.count) {
    cimage_fail(failure, "the header says %u x %u pixels, which %zu bytes cannot hold", width, height,
                reading->reader.count);
    return CIMAGE_CORRUPT;
  }

  png_set_expand(png);  // palette to RGB, 1/2/4 bits to 8, tRNS to alpha
  if (png_get_bit_depth(png, info) == 16 && (union { uint16_t word; uint8_t first; }){1}.first == 1) png_set_swap(png);
  png_read_update_info(png, info);
  const int wide = png_get_bit_depth(png, info) == 16;
  const uint32_t channels = png_get_channels(png, info);
  reading->row = malloc(png_get_rowbytes(png, info));
  reading->samples = malloc((size_t)width * height * (wide ? 2 : 1));
  if (reading->row == NULL || reading->samples == NULL) {
    cimage_fail(failure, "out of memory");
    return CIMAGE_OUT_OF_MEMORY;
  }
  // An interlaced image comes as seven small ones, whose pixels are put where they belong row by row.
  const int interlaced = png_get_interlace_type(png, info) != PNG_INTERLACE_NONE;
  for (int pass = interlaced ? 0 : -1; pass < (interlaced ? 7 : 0); pass += 1) {
    if (interlaced && PNG_PASS_COLS(width, pass) == 0) continue;
    const uint32_t rows = interlaced ? PNG_PASS_ROWS(height, pass) : height;
    for (uint32_t y = 0; y < rows; y += 1) {
      read_row(png, info, &reading->reader, reading->row);
      place_row(reading, pass, y, width, channels, wide);
    }
  }
  png_read_end(png, NULL);

  *raster = (cimage_raster){
    .width = width, .height = height, .bits = wide ? 16 : 8, .source_width = width, .source_height = height,
    .pixel_width = down, .pixel_height = across, .samples = reading->samples};
  reading->samples = NULL;
  return CIMAGE_OK;
}

int cimage_png_read(
  const uint8_t *bytes, size_t count, cimage_limits limits, cimage_raster *raster, cimage_failure *failure
) {
  png_reading reading = {0};
  int status = start_reading(&reading, bytes, count, failure);
  if (status == CIMAGE_OK && cimage_png_read_grey(bytes, count, limits, raster)) {
    finish_reading(&reading);
    return CIMAGE_OK;
  }
  if (status == CIMAGE_OK) status = read_pixels(&reading, limits, raster, failure);
  finish_reading(&reading);
  return status;
}

enum { most_texts = 64, longest_text = 2 << 20 };
/// Names of five bytes, the last a zero.
static const uint8_t text_chunks[] = "tEXt\0zTXt\0iTXt";

/// Text may stand before or after the pixels; these are skipped row by row.
static int read_texts(
  png_reading *reading, cimage_limits limits, cimage_text_visitor visitor, void *context, cimage_failure *failure
) {
  if (setjmp(png_jmpbuf(reading->png)) != 0) return CIMAGE_CORRUPT;
  png_structp png = reading->png;
  png_infop info = reading->info;

  // Texts may be compressed, and bombs: these many chunks of these many bytes, and no other kind of chunk.
  png_set_chunk_cache_max(png, most_texts);
  png_set_chunk_malloc_max(png, longest_text);
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_AS_DEFAULT, text_chunks, 3);
  png_read_info(png, info);
  const uint32_t height = png_get_image_height(png, info);
  int status = cimage_check_limits(png_get_image_width(png, info), height, limits, failure);
  if (status != CIMAGE_OK) return status;
  const int passes = png_set_interlace_handling(png);
  png_read_update_info(png, info);
  reading->row = calloc(1, png_get_rowbytes(png, info));
  if (reading->row == NULL) {
    cimage_fail(failure, "out of memory");
    return CIMAGE_OUT_OF_MEMORY;
  }
  for (int pass = 0; pass < passes; pass += 1)
    for (uint32_t y = 0; y < height; y += 1) read_row(png, info, &reading->reader, reading->row);
  png_read_end(png, info);

  png_textp texts = NULL;
  const int text_count = png_get_text(png, info, &texts, NULL);
  for (int i = 0; i < text_count; i += 1) {
    const int international = texts[i].compression >= PNG_ITXT_COMPRESSION_NONE;
    const size_t length = international ? texts[i].itxt_length : texts[i].text_length;
    visitor(context, texts[i].key, texts[i].text == NULL ? "" : texts[i].text, length, international);
  }
  return CIMAGE_OK;
}

int cimage_png_read_text(
  const uint8_t *bytes, size_t count, cimage_limits limits, cimage_text_visitor visitor, void *context,
  cimage_failure *failure
) {
  png_reading reading = {0};
  int status = start_reading(&reading, bytes, count, failure);
  if (status == CIMAGE_OK) status = read_texts(&reading, limits, visitor, context, failure);
  finish_reading(&reading);
  return status;
}

// Writing

typedef struct {
  png_structp png;
  png_infop info;
  png_textp texts;
  cimage_bytes file;
  size_t capacity;
} png_writing;

static void write_bytes(png_structp png, png_bytep source, size_t count) {
  png_writing *writing = png_get_io_ptr(png);
  if (writing->file.count + count > writing->capacity) {
    const size_t capacity = (writing->file.count + count) * 2;
    uint8_t *grown = realloc(writing->file.bytes, capacity);
    if (grown == NULL) png_error(png, "out of memory");
    writing->file.bytes = grown;
    writing->capacity = capacity;
  }
  memcpy(writing->file.bytes + writing->file.count, source, count);
  writing->file.count += count;
}

static void flush_bytes(png_structp png) { (void)png; }

static int write_image(
  png_writing *writing, const uint8_t *pixels, uint32_t width, uint32_t height, size_t text_count
) {
  if (setjmp(png_jmpbuf(writing->png)) != 0) return CIMAGE_CORRUPT;
  png_structp png = writing->png;
  png_set_write_fn(png, writing, write_bytes, flush_bytes);
  png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  // Radiographs repeat nothing but level areas: what the filter leaves is coded value by value, without a search for earlier
  // bytes, which takes several times as long for a larger file.
  png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_FILTER_PAETH);
  png_set_compression_strategy(png, Z_RLE);
  png_set_IHDR(png, writing->info, width, height, 8, PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  if (text_count > 0) png_set_text(png, writing->info, writing->texts, (int)text_count);
  png_write_info(png, writing->info);
  for (uint32_t y = 0; y < height; y += 1) png_write_row(png, pixels + (size_t)y * width);
  png_write_end(png, writing->info);
  return CIMAGE_OK;
}

int cimage_png_write(
  const uint8_t *pixels, uint32_t width, uint32_t height, const cimage_text *texts, size_t text_count,
  cimage_bytes *file, cimage_failure *failure
) {
  png_writing writing = {0};
  int status = CIMAGE_OUT_OF_MEMORY;
  cimage_fail(failure, "out of memory");
  writing.png = png_create_write_struct(PNG_LIBPNG_VER_STRING, failure, on_error, on_warning);
  if (writing.png != NULL) writing.info = png_create_info_struct(writing.png);
  if (text_count > 0) writing.texts = calloc(text_count, sizeof(png_text));
  if (writing.info != NULL && (text_count == 0 || writing.texts != NULL)) {
    for (size_t i = 0; i < text_count; i += 1) {
      writing.texts[i].compression = texts[i].international ? PNG_ITXT_COMPRESSION_NONE : PNG_TEXT_COMPRESSION_NONE;
      writing.texts[i].key = (png_charp)texts[i].key;
      writing.texts[i].text = (png_charp)texts[i].value;
      if (texts[i].international) {
        writing.texts[i].itxt_length = strlen(texts[i].value);
      } else {
        writing.texts[i].text_length = strlen(texts[i].value);
      }
    }
    status = write_image(&writing, pixels, width, height, text_count);
  }
  png_destroy_write_struct(&writing.png, &writing.info);
  free(writing.texts);
  if (status == CIMAGE_OK) {
    *file = writing.file;
  } else {
    free(writing.file.bytes);
  }
  return status;
}
