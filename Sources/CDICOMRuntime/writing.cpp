#include "file.h"
#include "functions.h"

#include <dcmtk/dcmdata/dcostrmb.h>

#include <cstdlib>
#include <cstring>
#include <memory>

namespace cdicom {

namespace {

void require(const OFCondition &condition, const char *what) {
  if (condition.bad()) throw Failure(CDICOM_CORRUPT, "DCMTK does not write %s: %s", what, condition.text());
}

void insert(DcmItem &data_set, const cdicom_written_element &written) {
  DcmItem *item = &data_set;
  for (const uint32_t sequence : written.sequences) {
    if (sequence == 0) continue;
    DcmItem *inner = nullptr;
    require(item->findOrCreateSequenceItem(DcmTag(key(sequence), DcmVR(EVR_SQ)), inner, 0), "a sequence");
    item = inner;
  }
  char name[16];
  snprintf(name, sizeof name, "(%04X,%04X)", written.element >> 16, written.element & 0xFFFF);
  require(item->putAndInsertString(DcmTag(key(written.element), DcmVR(written.representation)), written.value), name);
}

}  // namespace

}  // namespace cdicom

using namespace cdicom;

int cdicom::write(const cdicom_written_element *elements, size_t element_count, const uint8_t *pixels,
                  size_t pixel_count, uint8_t **bytes, size_t *count, cdicom_failure *failure) {
  *bytes = nullptr;
  *count = 0;
  return guarded(failure, [&] {
    prepare_dcmtk();
    if (pixel_count > UINT32_MAX - 1) throw Failure(CDICOM_TOO_LARGE, "more than 4 GiB of pixels");
    DcmFileFormat file;
    DcmDataset &data_set = *file.getDataset();
    for (size_t i = 0; i < element_count; i++) insert(data_set, elements[i]);
    require(data_set.putAndInsertUint8Array(DcmTag(DCM_PixelData, EVR_OB), pixels, static_cast<unsigned long>(pixel_count)),
            "the pixels");
    constexpr E_TransferSyntax syntax = EXS_LittleEndianExplicit;
    require(file.validateMetaInfo(syntax), "the meta information");
    // The data set's length, and room for the preamble and the meta information.
    const size_t room = size_t(data_set.calcElementLength(syntax, EET_ExplicitLength)) + 4096;
    std::unique_ptr<uint8_t, decltype(&free)> memory(static_cast<uint8_t *>(malloc(room)), &free);
    if (!memory) throw std::bad_alloc();
    DcmOutputBufferStream stream(memory.get(), offile_off_t(room));
    file.transferInit();
    const OFCondition condition = file.write(stream, syntax, EET_ExplicitLength, nullptr, EGL_recalcGL);
    file.transferEnd();
    require(condition, "the file");
    void *written = nullptr;
    offile_off_t length = 0;
    stream.flushBuffer(written, length);
    *bytes = memory.release();
    *count = size_t(length);
  });
}
