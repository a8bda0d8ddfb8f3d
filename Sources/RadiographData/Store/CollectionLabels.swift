/// The labels of NIH ChestX-ray14, as its table spells them.
public enum NIHLabels {
  /// Wang et al., "ChestX-ray8", CVPR 2017: the text-mined labels of version 14.
  public static let findings = [
    "Atelectasis", "Cardiomegaly", "Consolidation", "Edema", "Effusion", "Emphysema", "Fibrosis", "Hernia",
    "Infiltration", "Mass", "Nodule", "Pleural_Thickening", "Pneumonia", "Pneumothorax",
  ]
  public static let noFinding = "No Finding"
  /// What the table decides on for every image.
  public static let vocabulary = findings + [noFinding]
}

/// The labels that the folders and file names of Kermany's collection are read as.
public enum KermanyLabels {
  public static let normal = "Normal"
  public static let pneumonia = "Pneumonia"
  public static let bacterial = "Bacterial Pneumonia"
  public static let viral = "Viral Pneumonia"
}

extension RadiographAttributes {
  /// Whether one of the collections calls the radiograph normal.
  public var isCalledNormal: Bool {
    [NIHLabels.noFinding, KermanyLabels.normal].contains { state(of: $0) == .positive }
  }
}
