import ArgumentParser
import ImageFiles
import RadiographData
import RadiographImport

/// How a source's images become those of a dataset; options that are not given have the values of the existing dataset.
struct ImageOptions: ParsableArguments {
  @Option(help: "crop, pad or stretch an image that is not square (default: crop).")
  var fit: SquareFit?

  @Option(help: "bilinear or bicubic, both antialiased (default: bilinear).")
  var resampling: Resampling?

  @Option(
    help: ArgumentHelp(
      "min-max, none, or percentile:LOW-HIGH such as percentile:1-99 (default: min-max).", valueName: "rule"))
  var intensity: IntensityMapping?

  @Option(
    help: ArgumentHelp(
      "Contrast-limited adaptive equalisation: clip limit and tiles, such as 2:8x8 (default: off).",
      valueName: "clip:CxR"))
  var clahe: ContrastLimitedEqualization?

  func apply(to options: inout DatasetImport.Options) {
    options.fit = fit
    options.resampling = resampling
    options.intensity = intensity
    options.clahe = clahe
  }
}

extension SquareFit: ExpressibleByArgument {}
extension Resampling: ExpressibleByArgument {}
extension IntensityMapping: ExpressibleByArgument {
  public init?(argument: String) { self.init(rawValue: argument) }
}
extension ContrastLimitedEqualization: ExpressibleByArgument {
  public init?(argument: String) { self.init(rawValue: argument) }
}
