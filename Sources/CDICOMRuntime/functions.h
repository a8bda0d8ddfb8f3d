#pragma once
// The functions of the table; `CDICOM.h` says what each does.
#include <CDICOM.h>

namespace cdicom {

int begins(const uint8_t *bytes, size_t count);
int open(const uint8_t *bytes, size_t count, cdicom_limits limits, cdicom_file **file, cdicom_failure *failure);
void close(cdicom_file *file);
const char *syntax(const cdicom_file *file);
const char *syntax_name(const cdicom_file *file);
int syntax_is_read(const cdicom_file *file);
int text(cdicom_file *file, cdicom_path path, char **text, size_t *count, cdicom_failure *failure);
int describe(cdicom_file *file, cdicom_image *image, cdicom_failure *failure);
int read_table(cdicom_file *file, uint32_t sequence, cdicom_table *table, cdicom_failure *failure);
int read_pixels(cdicom_file *file, const uint8_t *bytes, size_t count, cdicom_raster *raster, cdicom_failure *failure);
int write(const cdicom_written_element *elements, size_t element_count, const uint8_t *pixels, size_t pixel_count,
          uint8_t **bytes, size_t *count, cdicom_failure *failure);
int send(const cdicom_peer *peer, const uint8_t *bytes, size_t count, cdicom_failure *failure);

}  // namespace cdicom
