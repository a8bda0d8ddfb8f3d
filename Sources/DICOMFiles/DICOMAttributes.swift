/// What a DICOM file says of its image, as it says it: values of PS3.6 without the padding around them, nil if
/// an element is absent or empty.
///
/// `patientID`, `patientName`, `patientBirthDate`, `studyDate` and the unique identifiers are identity: nothing of them
/// may be written to a dataset.
public struct DICOMAttributes: Sendable, Equatable {
  public internal(set) var transferSyntaxUID = ""
  /// As DCMTK names it, such as "JPEG Baseline".
  public internal(set) var transferSyntaxName = ""
  /// Whether pixels of that transfer syntax are read.
  public internal(set) var transferSyntaxIsRead = false

  public internal(set) var sopClassUID: String?
  public internal(set) var sopInstanceUID: String?
  public internal(set) var studyInstanceUID: String?
  public internal(set) var seriesInstanceUID: String?

  /// `CR`, `DX`, `CT`, ...
  public internal(set) var modality: String?
  /// `FOR PRESENTATION` or `FOR PROCESSING`.
  public internal(set) var presentationIntent: String?
  public internal(set) var bodyPart: String?
  /// Codes and meanings of the first item of Anatomic Region Sequence and View Code Sequence.
  public internal(set) var anatomicRegion: String?
  public internal(set) var anatomicRegionCode: String?
  public internal(set) var viewName: String?
  public internal(set) var viewCode: String?
  public internal(set) var viewPosition: String?
  /// Where the rows and the columns lead: `L\F` for a frontal image with the patient's left on its right.
  public internal(set) var patientOrientation: String?
  public internal(set) var laterality: String?
  public internal(set) var seriesDescription: String?
  public internal(set) var studyDescription: String?
  public internal(set) var protocolName: String?

  public internal(set) var patientID: String?
  public internal(set) var patientName: String?
  /// `YYYYMMDD`.
  public internal(set) var patientBirthDate: String?
  /// `F`, `M` or `O`.
  public internal(set) var patientSex: String?
  /// Three digits and `Y`, `M`, `W` or `D`.
  public internal(set) var patientAge: String?
  /// `YYYYMMDD`.
  public internal(set) var studyDate: String?
  public internal(set) var acquisitionDate: String?

  /// `YES` if no patient was before the machine: the image was made by a program (PS3.3, C.12.1).
  public internal(set) var syntheticData: String?
  public var isSynthetic: Bool { syntheticData?.uppercased() == "YES" }
  /// Whose element (0099,1001) is, and its text.
  public internal(set) var privateCreator: String?
  public internal(set) var privateNote: String?

  /// `YES` if letters are in the pixels.
  public internal(set) var burnedInAnnotation: String?
  public internal(set) var photometricInterpretation: String?
  /// 0 if there is no image.
  public internal(set) var rows = 0
  public internal(set) var columns = 0
  public internal(set) var frames = 1
  public internal(set) var bitsStored = 0
  /// The height of a pixel over its width, 0.1 to 10, by the first of Pixel Spacing, Imager Pixel Spacing, Nominal Scanned
  /// Pixel Spacing and Pixel Aspect Ratio that can be believed; 1 if none is there.
  public internal(set) var pixelAspect = 1.0
  public internal(set) var hasPixels = false
}
