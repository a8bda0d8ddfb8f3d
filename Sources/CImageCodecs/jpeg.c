#include "common.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
// After jpeglib.h, whose types it uses.
#include <jerror.h>

/// A progressive file may repeat scans for ever; real ones have about ten. Every scan goes over all blocks again, so
/// large images may have fewer.
enum { most_scans = 200, fewest_scans = 24 };
static const uint64_t most_scanned_pixels = 1000000000;

typedef struct {
  struct jpeg_error_mgr base;  // first, so that libjpeg's pointer is ours
  jmp_buf escape;
  cimage_failure *failure;
  int status;
} error_manager;

static void on_error(j_common_ptr codec) {
  error_manager *errors = (error_manager *)codec->err;
  char text[JMSG_LENGTH_MAX];
  codec->err->format_message(codec, text);
  cimage_fail(errors->failure, "%s", text);
  switch (codec->err->msg_code) {
    case JERR_IMAGE_TOO_BIG: errors->status = CIMAGE_TOO_LARGE; break;
    case JERR_OUT_OF_MEMORY: errors->status = CIMAGE_OUT_OF_MEMORY; break;
    case JERR_BAD_PRECISION:
    case JERR_SOF_UNSUPPORTED:
    case JERR_CONVERSION_NOTIMPL: errors->status = CIMAGE_UNSUPPORTED; break;
    default: errors->status = CIMAGE_CORRUPT;
  }
  longjmp(errors->escape, 1);
}

/// libjpeg fills what is missing with grey and warns; here a damaged file is an error.
static void on_message(j_common_ptr codec, int level) {
  if (level >= 0) return;
  switch (codec->err->msg_code) {
    case JWRN_ADOBE_XFORM:
    case JWRN_JFIF_MAJOR:
    case JWRN_EXTRANEOUS_DATA: return;
    default: on_error(codec);
  }
}

static void count_scans(j_common_ptr codec) {
  if (!codec->is_decompressor) return;
  const j_decompress_ptr reader = (j_decompress_ptr)codec;
  if (reader->image_width == 0 || reader->image_height == 0) return;
  uint64_t most = most_scanned_pixels / ((uint64_t)reader->image_width * reader->image_height);
  if (most > most_scans) most = most_scans;
  if (most < fewest_scans) most = fewest_scans;
  if (reader->input_scan_number > 0 && (uint64_t)reader->input_scan_number > most) {
    error_manager *errors = (error_manager *)codec->err;
    cimage_fail(errors->failure, "it has more than %d scans", (int)most);
    errors->status = CIMAGE_CORRUPT;
    longjmp(errors->escape, 1);
  }
}

static void set_up(error_manager *errors, cimage_failure *failure) {
  jpeg_std_error(&errors->base);
  errors->base.error_exit = on_error;
  errors->base.emit_message = on_message;
  errors->failure = failure;
  errors->status = CIMAGE_CORRUPT;
}

typedef struct {
  struct jpeg_decompress_struct codec;
  struct jpeg_progress_mgr progress;
  error_manager errors;
  uint8_t *samples;
  uint8_t *row;  // one row of CMYK
} jpeg_reading;

/// Four inks to light, as Pillow does: Adobe's files store them inverted.
static void cmyk_to_grey(const uint8_t *source, uint8_t *target, uint32_t width, int inverted) {
  for (uint32_t x = 0; x < width; x += 1, source += 4) {
    uint32_t light[4];
    for (int i = 0; i < 4; i += 1) light[i] = inverted ? source[i] : 255u - source[i];
    for (int i = 0; i < 3; i += 1) light[i] = (light[i] * light[3] + 127) / 255;
    target[x] = (uint8_t)cimage_luminance(light[0], light[1], light[2]);
  }
}

static int read_image(
  jpeg_reading *reading, const uint8_t *bytes, size_t count, cimage_limits limits, uint32_t min_side,
  cimage_raster *raster, cimage_failure *failure
) {
  if (setjmp(reading->errors.escape) != 0) return reading->errors.status;
  struct jpeg_decompress_struct *codec = &reading->codec;
  jpeg_create_decompress(codec);
  reading->progress.progress_monitor = count_scans;
  codec->progress = &reading->progress;
  jpeg_mem_src(codec, bytes, count);
  jpeg_save_markers(codec, JPEG_APP0 + 1, 0xFFFF);
  jpeg_read_header(codec, TRUE);

  int status = cimage_check_limits(codec->image_width, codec->image_height, limits, failure);
  if (status != CIMAGE_OK) return status;
  // Every 8 x 8 block takes at least one Huffman-coded bit.
  const uint64_t pixels = (uint64_t)codec->image_width * codec->image_height;
  if (!codec->arith_code && pixels / 512 > count) {
    cimage_fail(failure, "the header says %u x %u pixels, which %zu bytes cannot hold", codec->image_width,
                codec->image_height, count);
    return CIMAGE_CORRUPT;
  }

  const int four_inks = codec->jpeg_color_space == JCS_CMYK || codec->jpeg_color_space == JCS_YCCK;
  codec->out_color_space = four_inks ? JCS_CMYK : JCS_GRAYSCALE;
  codec->dct_method = JDCT_ISLOW;
  if (min_side > 0) {
    const uint32_t side = codec->image_width < codec->image_height ? codec->image_width : codec->image_height;
    codec->scale_num = 1;
    codec->scale_denom = 1;
    while (codec->scale_denom < 8 && side / (codec->scale_denom * 2) >= min_side) codec->scale_denom *= 2;
  }
  jpeg_start_decompress(codec);
  const uint32_t width = codec->output_width;
  const uint32_t height = codec->output_height;
  reading->samples = malloc((size_t)width * height);
  if (four_inks) reading->row = malloc((size_t)width * 4);
  if (reading->samples == NULL || (four_inks && reading->row == NULL)) {
    cimage_fail(failure, "out of memory");
    return CIMAGE_OUT_OF_MEMORY;
  }
  while (codec->output_scanline < height) {
    uint8_t *target = reading->samples + (size_t)codec->output_scanline * width;
    JSAMPROW row = four_inks ? reading->row : target;
    jpeg_read_scanlines(codec, &row, 1);
    if (four_inks) cmyk_to_grey(reading->row, target, width, codec->saw_Adobe_marker);
  }
  int orientation = 0;
  for (jpeg_saved_marker_ptr segment = codec->marker_list; segment != NULL && orientation == 0; segment = segment->next)
    orientation = cimage_exif_orientation(segment->data, segment->data_length);
  jpeg_finish_decompress(codec);

  *raster = (cimage_raster){
    .width = width, .height = height, .bits = 8, .source_width = codec->image_width,
    .source_height = codec->image_height, .pixel_width = codec->saw_JFIF_marker ? codec->Y_density : 0,
    .pixel_height = codec->saw_JFIF_marker ? codec->X_density : 0, .samples = reading->samples};
  reading->samples = NULL;
  return cimage_make_upright(raster, orientation, failure);
}

int cimage_jpeg_read(
  const uint8_t *bytes, size_t count, cimage_limits limits, uint32_t min_side, cimage_raster *raster,
  cimage_failure *failure
) {
  if (count < 3 || bytes[0] != 0xFF || bytes[1] != 0xD8 || bytes[2] != 0xFF) {
    cimage_fail(failure, "it does not start as a JPEG does");
    return CIMAGE_CORRUPT;
  }
  jpeg_reading *reading = calloc(1, sizeof(jpeg_reading));
  if (reading == NULL) {
    cimage_fail(failure, "out of memory");
    return CIMAGE_OUT_OF_MEMORY;
  }
  set_up(&reading->errors, failure);
  reading->codec.err = &reading->errors.base;
  const int status = read_image(reading, bytes, count, limits, min_side, raster, failure);
  jpeg_destroy_decompress(&reading->codec);
  free(reading->samples);
  free(reading->row);
  free(reading);
  return status;
}

// Writing

typedef struct {
  struct jpeg_compress_struct codec;
  error_manager errors;
  unsigned char *bytes;
  unsigned long count;
} jpeg_writing;

static int write_image(
  jpeg_writing *writing, const uint8_t *pixels, uint32_t width, uint32_t height, int quality, const cimage_bytes *app1,
  size_t app1_count
) {
  if (setjmp(writing->errors.escape) != 0) return writing->errors.status;
  struct jpeg_compress_struct *codec = &writing->codec;
  jpeg_create_compress(codec);
  jpeg_mem_dest(codec, &writing->bytes, &writing->count);
  codec->image_width = width;
  codec->image_height = height;
  codec->input_components = 1;
  codec->in_color_space = JCS_GRAYSCALE;
  jpeg_set_defaults(codec);
  jpeg_set_quality(codec, quality, TRUE);
  codec->optimize_coding = TRUE;
  jpeg_start_compress(codec, TRUE);
  for (size_t i = 0; i < app1_count; i += 1)
    jpeg_write_marker(codec, JPEG_APP0 + 1, app1[i].bytes, (unsigned int)app1[i].count);
  while (codec->next_scanline < height) {
    JSAMPROW row = (JSAMPROW)(pixels + (size_t)codec->next_scanline * width);
    jpeg_write_scanlines(codec, &row, 1);
  }
  jpeg_finish_compress(codec);
  return CIMAGE_OK;
}

int cimage_jpeg_write(
  const uint8_t *pixels, uint32_t width, uint32_t height, int quality, const cimage_bytes *app1, size_t app1_count,
  cimage_bytes *file, cimage_failure *failure
) {
  jpeg_writing *writing = calloc(1, sizeof(jpeg_writing));
  if (writing == NULL) {
    cimage_fail(failure, "out of memory");
    return CIMAGE_OUT_OF_MEMORY;
  }
  set_up(&writing->errors, failure);
  writing->codec.err = &writing->errors.base;
  const int status = write_image(writing, pixels, width, height, quality, app1, app1_count);
  jpeg_destroy_compress(&writing->codec);
  if (status == CIMAGE_OK) {
    file->bytes = writing->bytes;
    file->count = writing->count;
  }
  // On failure `bytes` may name a buffer that libjpeg has already replaced: it is left alone rather than freed twice.
  free(writing);
  return status;
}
