import RadiographData

/// The patients of a part who have two images or more.
struct RepeatedPatients {
  /// The places of each patient's images in the part.
  let images: [[Int]]

  /// A part's patients.
  ///
  /// - Throws: `DatasetError` if the index cannot be read.
  init(_ records: RadiographRecords) throws {
    var places: [String: Int] = [:]
    var images: [[Int]] = []
    try records.forEach { index, record in
      if let place = places[record.patient] {
        images[place].append(index)
      } else {
        places[record.patient] = images.count
        images.append([index])
      }
    }
    self.images = images.filter { $0.count > 1 }
  }

  var count: Int { images.count }

  /// Two different images of a patient, by two numbers that were drawn.
  func two(of patient: Int, _ numbers: (Int, Int)) -> (Int, Int) {
    let own = images[patient]
    let first = numbers.0 % own.count
    return (own[first], own[(first + 1 + numbers.1 % (own.count - 1)) % own.count])
  }

  /// Refuses a part of too few such patients.
  ///
  /// - Throws: ``TrainingError/tooFewRepeatedPatients(path:split:found:minimum:reason:)``.
  func require(_ minimum: Int, in split: DatasetSplit, of dataset: RadiographDataset, because reason: String) throws {
    guard count < minimum else { return }
    throw TrainingError.tooFewRepeatedPatients(
      path: dataset.url.path, split: split.rawValue, found: count, minimum: minimum, reason: reason)
  }
}
