// The border between Swift and DCMTK, OpenJPEG and CharLS, in plain C: a table of functions in a library that `cdicom_load`
// opens when the first DICOM file is read or written, so that a program which needs none never starts DCMTK. Nothing is
// thrown across it: every function that can fail returns a status and leaves a message in `failure`.
//
// DCMTK never sees a file as it came. The structure is walked here first, with every length held against the bytes
// that are there; only the elements that are asked for below go on to DCMTK, written anew in canonical form, and a
// compressed image only once its codestream's own header agrees with them.
#pragma once

#include <stddef.h>
#include <stdint.h>

#if defined(__clang__)
#define CDICOM_NULLABLE _Nullable
#define CDICOM_NONNULL _Nonnull
#else
#define CDICOM_NULLABLE
#define CDICOM_NONNULL
#endif

#ifdef __cplusplus
extern "C" {
#endif

enum {
  CDICOM_OK = 0,
  /// Neither "DICM" at byte 128, nor a data set that stands without it.
  CDICOM_NOT_DICOM = 1,
  /// The bytes end inside of an element before the pixels: give more of the file.
  CDICOM_TRUNCATED = 2,
  CDICOM_CORRUPT = 3,
  /// The header asks for more pixels than the limits allow.
  CDICOM_TOO_LARGE = 4,
  /// A transfer syntax, a colour or a depth that is not read; the message names it.
  CDICOM_UNSUPPORTED = 5,
  CDICOM_NO_PIXELS = 6,
  CDICOM_OUT_OF_MEMORY = 7,
  /// An archive cannot be reached, or does not take what it is sent.
  CDICOM_PEER = 8,
};

/// What went wrong, as one line of text. It never holds a value of the file's patient.
typedef struct {
  char message[240];
} cdicom_failure;

/// Limits that hold before anything of the image's size is allocated.
typedef struct {
  uint32_t max_side;
  uint64_t max_pixels;
} cdicom_limits;

/// A header in memory. It holds no pointer into the file's bytes.
typedef struct cdicom_file cdicom_file;

/// The place of a value: an element of the data set, or, if `sequence` is not 0, of that sequence's first item.
/// A tag is `group << 16 | element`.
typedef struct {
  uint32_t sequence;
  uint32_t element;
} cdicom_path;

/// The image pixel module, as far as it is there; 0 if an element is absent.
typedef struct {
  uint32_t rows;
  uint32_t columns;
  uint32_t samples_per_pixel;
  uint32_t bits_allocated;
  uint32_t bits_stored;
  uint32_t high_bit;
  uint32_t pixel_representation;
  /// At least 1.
  uint32_t frames;
  /// 0 for MONOCHROME1, 1 for MONOCHROME2, -1 for any other photometric interpretation.
  int32_t monochrome;
  int32_t has_pixels;
} cdicom_image;

/// A modality or VOI lookup table: `count` entries of `bits` bits; the first belongs to the input `first`.
/// Free `entries` with `free`.
typedef struct {
  uint16_t *CDICOM_NULLABLE entries;
  size_t count;
  int32_t first;
  uint32_t bits;
} cdicom_table;

/// The stored cells of a frame: rows * columns values of `cell_bits` (8 or 16, native order). A pixel's value is
/// `cell >> shift`, its lower `value_bits` bits, in two's complement if `is_signed`. Free `cells` with
/// `free`.
typedef struct {
  uint32_t rows;
  uint32_t columns;
  uint32_t cell_bits;
  uint32_t shift;
  uint32_t value_bits;
  int32_t is_signed;
  void *CDICOM_NULLABLE cells;
} cdicom_raster;

/// An element to write. `value` holds its values as UTF-8, joined by backslashes, as PS3.5 writes them in text: numbers
/// in decimal digits, tags as (gggg,eeee). Of `sequences`, the outer first and 0 for none, the first item takes it.
typedef struct {
  uint32_t sequences[2];
  uint32_t element;
  /// Two letters: the value representation, by which an element is written that DCMTK does not know.
  const char *CDICOM_NONNULL representation;
  const char *CDICOM_NONNULL value;
} cdicom_written_element;

/// An archive that takes files by C-STORE (PS3.4, B).
typedef struct {
  const char *CDICOM_NONNULL host;
  uint16_t port;
  /// Application entity titles of 1 to 16 characters: the archive's and ours.
  const char *CDICOM_NONNULL called_title;
  const char *CDICOM_NONNULL calling_title;
  /// How long each answer may take.
  uint32_t seconds;
} cdicom_peer;

/// What the library offers; `size` guards against a library of another build.
typedef struct {
  size_t size;

  /// 1 if the bytes begin as a DICOM file does; those of the first 132 bytes decide. Without "DICM" only `open`
  /// finds out whether a data set follows.
  int (*CDICOM_NONNULL begins)(const uint8_t *CDICOM_NONNULL bytes, size_t count);

  /// Reads a header. `bytes` may be a file's beginning, as long as it reaches the pixel data's own header.
  int (*CDICOM_NONNULL open)(const uint8_t *CDICOM_NONNULL bytes, size_t count, cdicom_limits limits,
                             cdicom_file *CDICOM_NULLABLE *CDICOM_NONNULL file, cdicom_failure *CDICOM_NONNULL failure);

  void (*CDICOM_NONNULL close)(cdicom_file *CDICOM_NULLABLE file);

  /// The transfer syntax's identifier, and its name if it is known; both live as long as the file.
  const char *CDICOM_NONNULL (*CDICOM_NONNULL syntax)(const cdicom_file *CDICOM_NONNULL file);
  const char *CDICOM_NONNULL (*CDICOM_NONNULL syntax_name)(const cdicom_file *CDICOM_NONNULL file);
  /// 1 if pixels of that transfer syntax are read.
  int (*CDICOM_NONNULL syntax_is_read)(const cdicom_file *CDICOM_NONNULL file);

  /// The values of an element joined by backslashes, as the file encodes them; empty if it is absent. Only those
  /// that `elements.cpp` lists are there. Free with `free`.
  int (*CDICOM_NONNULL text)(cdicom_file *CDICOM_NONNULL file, cdicom_path path,
                             char *CDICOM_NULLABLE *CDICOM_NONNULL text, size_t *CDICOM_NONNULL count,
                             cdicom_failure *CDICOM_NONNULL failure);

  int (*CDICOM_NONNULL describe)(cdicom_file *CDICOM_NONNULL file, cdicom_image *CDICOM_NONNULL image,
                                 cdicom_failure *CDICOM_NONNULL failure);

  /// The lookup table of the first item of `sequence`; `count` is 0 if there is none.
  int (*CDICOM_NONNULL read_table)(cdicom_file *CDICOM_NONNULL file, uint32_t sequence,
                                   cdicom_table *CDICOM_NONNULL table, cdicom_failure *CDICOM_NONNULL failure);

  /// The first frame. `bytes` is the whole file of which `open` read the header.
  int (*CDICOM_NONNULL read_pixels)(cdicom_file *CDICOM_NONNULL file, const uint8_t *CDICOM_NONNULL bytes, size_t count,
                                    cdicom_raster *CDICOM_NONNULL raster, cdicom_failure *CDICOM_NONNULL failure);

  /// Writes a file in Explicit VR Little Endian: the elements, which hold SOP Class UID and SOP Instance UID, then pixels
  /// of one byte. Free `bytes` with `free`.
  int (*CDICOM_NONNULL write)(const cdicom_written_element *CDICOM_NONNULL elements, size_t element_count,
                              const uint8_t *CDICOM_NONNULL pixels, size_t pixel_count,
                              uint8_t *CDICOM_NULLABLE *CDICOM_NONNULL bytes, size_t *CDICOM_NONNULL count,
                              cdicom_failure *CDICOM_NONNULL failure);

  /// Sends a file that this library has written, in an association of its own.
  int (*CDICOM_NONNULL send)(const cdicom_peer *CDICOM_NONNULL peer, const uint8_t *CDICOM_NONNULL bytes, size_t count,
                             cdicom_failure *CDICOM_NONNULL failure);
} cdicom_functions;

/// Opens the library at `path`. Null if that fails: then `message` becomes the reason, which the caller frees.
const cdicom_functions *CDICOM_NULLABLE cdicom_load(const char *CDICOM_NONNULL path,
                                                    char *CDICOM_NULLABLE *CDICOM_NONNULL message);

#ifdef __cplusplus
}
#endif
