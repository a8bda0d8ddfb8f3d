import Diffusion
import Foundation
import Models
import RadiographModels
import Support
import Torch
import TorchNN

/// The networks of a teacher, frozen, and of a student that begins with its weights.
struct TeacherAndStudent {
  typealias Networks = (unet: UNet, text: TextProjection)

  let teacher: Networks
  let student: Networks
  /// The student's weights.
  let store: ParameterStore
  private let scheduler: SchedulerConfiguration
  private let device: Device

  /// - Throws: `ParameterLoadingError` for weights that do not fit, `TorchError`.
  init(_ teacher: Teacher, device: Device) throws {
    let frozen = try teacher.networks(trainable: false, device: device)
    let made = try teacher.networks(trainable: true, device: device)
    (self.teacher, student, store) = ((frozen.unet, frozen.text), (made.unet, made.text), made.store)
    (scheduler, self.device) = (teacher.description.scheduler, device)
  }

  /// Times as the networks take them: `[B]`.
  ///
  /// - Throws: `TorchError`.
  func networkTimes(_ times: [SampleTime]) throws -> Tensor {
    try Tensor(times.map { Float(scheduler.networkTime($0)) }).to(device)
  }

  /// Draws what the student makes of the prompts of sample sheets.
  ///
  /// - Throws: `TorchError`, `FileAccessError`.
  func writeSamples(_ pictures: SamplePictures, to picture: URL) throws {
    try AtomicFile.write(pictures.draw(student.unet, student.text).pngBytes(), to: picture.path)
  }
}
