#include "elements.h"

#include <algorithm>
#include <cstring>
#include <iterator>

namespace cdicom {

namespace {

/// Free text is at most 64 characters of at most 4 bytes by the standard; real files exceed it a little.
constexpr uint32_t longest_text = 4096;
/// A prompt and its settings.
constexpr uint32_t longest_note = 1 << 20;
/// 65,536 entries of 16 bits.
constexpr uint32_t longest_table = 131'072;

// In the order of their tags (PS3.6).
constexpr Element data_set_elements[] = {
    {0x00080005, "CS", Kind::text, longest_text},   // Specific Character Set
    {0x00080016, "UI", Kind::text, longest_text},   // SOP Class UID
    {0x00080018, "UI", Kind::text, longest_text},   // SOP Instance UID
    {0x0008001C, "CS", Kind::text, longest_text},   // Synthetic Data
    {0x00080020, "DA", Kind::text, longest_text},   // Study Date
    {0x00080022, "DA", Kind::text, longest_text},   // Acquisition Date
    {0x00080060, "CS", Kind::text, longest_text},   // Modality
    {0x00080068, "CS", Kind::text, longest_text},   // Presentation Intent Type
    {0x00081030, "LO", Kind::text, longest_text},   // Study Description
    {0x0008103E, "LO", Kind::text, longest_text},   // Series Description
    {0x00082218, "SQ", Kind::sequence, 0},          // Anatomic Region Sequence
    {0x00100010, "PN", Kind::text, longest_text},   // Patient's Name
    {0x00100020, "LO", Kind::text, longest_text},   // Patient ID
    {0x00100030, "DA", Kind::text, longest_text},   // Patient's Birth Date
    {0x00100040, "CS", Kind::text, longest_text},   // Patient's Sex
    {0x00101010, "AS", Kind::text, longest_text},   // Patient's Age
    {0x00180015, "CS", Kind::text, longest_text},   // Body Part Examined
    {0x00181030, "LO", Kind::text, longest_text},   // Protocol Name
    {0x00181164, "DS", Kind::text, longest_text},   // Imager Pixel Spacing
    {0x00182010, "DS", Kind::text, longest_text},   // Nominal Scanned Pixel Spacing
    {0x00185101, "CS", Kind::text, longest_text},   // View Position
    {0x0020000D, "UI", Kind::text, longest_text},   // Study Instance UID
    {0x0020000E, "UI", Kind::text, longest_text},   // Series Instance UID
    {0x00200020, "CS", Kind::text, longest_text},   // Patient Orientation
    {0x00200060, "CS", Kind::text, longest_text},   // Laterality
    {0x00200062, "CS", Kind::text, longest_text},   // Image Laterality
    {0x00280002, "US", Kind::number, 8},            // Samples per Pixel
    {0x00280004, "CS", Kind::text, longest_text},   // Photometric Interpretation
    {0x00280008, "IS", Kind::text, 64},             // Number of Frames
    {0x00280010, "US", Kind::number, 8},            // Rows
    {0x00280011, "US", Kind::number, 8},            // Columns
    {0x00280030, "DS", Kind::text, longest_text},   // Pixel Spacing
    {0x00280034, "IS", Kind::text, longest_text},   // Pixel Aspect Ratio
    {0x00280100, "US", Kind::number, 8},            // Bits Allocated
    {0x00280101, "US", Kind::number, 8},            // Bits Stored
    {0x00280102, "US", Kind::number, 8},            // High Bit
    {0x00280103, "US", Kind::number, 8},            // Pixel Representation
    {0x00280120, "US", Kind::number, 8},            // Pixel Padding Value
    {0x00280121, "US", Kind::number, 8},            // Pixel Padding Range Limit
    {0x00280301, "CS", Kind::text, longest_text},   // Burned In Annotation
    {0x00281050, "DS", Kind::text, longest_text},   // Window Center
    {0x00281051, "DS", Kind::text, longest_text},   // Window Width
    {0x00281052, "DS", Kind::text, longest_text},   // Rescale Intercept
    {0x00281053, "DS", Kind::text, longest_text},   // Rescale Slope
    {0x00281056, "CS", Kind::text, longest_text},   // VOI LUT Function
    {0x00283000, "SQ", Kind::sequence, 0},          // Modality LUT Sequence
    {0x00283010, "SQ", Kind::sequence, 0},          // VOI LUT Sequence
    {0x00540220, "SQ", Kind::sequence, 0},          // View Code Sequence
    {0x00990010, "LO", Kind::text, longest_text},   // Private Creator
    {0x00991001, "UT", Kind::text, longest_note},   // The note of the creator "THORAX": how an image was drawn
    {0x20500020, "CS", Kind::text, longest_text},   // Presentation LUT Shape
};

constexpr Element item_elements[] = {
    {0x00080100, "SH", Kind::text, longest_text},   // Code Value
    {0x00080104, "LO", Kind::text, longest_text},   // Code Meaning
    {0x00283002, "US", Kind::number, 6},            // LUT Descriptor
    {0x00283006, "OW", Kind::words, longest_table}, // LUT Data
};

template <size_t count>
const Element *find(const Element (&elements)[count], uint32_t tag) noexcept {
  auto place = std::lower_bound(std::begin(elements), std::end(elements), tag,
                                [](const Element &element, uint32_t tag) { return element.tag < tag; });
  return place != std::end(elements) && place->tag == tag ? place : nullptr;
}

template <size_t count>
bool contains(const char (&list)[count], const char *vr) noexcept {
  for (size_t i = 0; i + 2 < count; i += 3)
    if (memcmp(list + i, vr, 2) == 0) return true;
  return false;
}

}  // namespace

const Element *find_element(uint32_t tag, bool in_item) noexcept {
  return in_item ? find(item_elements, tag) : find(data_set_elements, tag);
}

bool matches(Kind kind, const char *vr) noexcept {
  switch (kind) {
    case Kind::text: return contains("AE AS CS DA DS DT IS LO LT PN SH ST TM UC UI UR UT", vr);
    case Kind::number: return contains("US SS", vr);
    case Kind::words: return contains("OW US SS", vr);
    case Kind::sequence: return contains("SQ", vr);
  }
  return false;
}

bool is_known_vr(const char *vr, bool &is_long) noexcept {
  is_long = contains("OB OD OF OL OV OW SQ SV UC UN UR UT UV", vr);
  return is_long || contains("AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US", vr);
}

}  // namespace cdicom
