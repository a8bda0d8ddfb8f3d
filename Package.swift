// swift-tools-version: 6.1
import PackageDescription

/// The folder of a LibTorch distribution (`include/`, `lib/`): `./scripts/setup` links it as `.libtorch`.
let libtorch = Context.environment["THORAX_LIBTORCH"] ?? Context.packageDirectory + "/.libtorch"

/// LibTorch's headers are C++17 and reach only the one target that includes them.
let torchHeaders: [CXXSetting] = [
  .unsafeFlags([
    "-isystem", libtorch + "/include",
    "-isystem", libtorch + "/include/torch/csrc/api/include",
  ])
]
let torchLibraries: [LinkerSetting] = [
  .unsafeFlags(["-L" + libtorch + "/lib", "-Xlinker", "-rpath", "-Xlinker", libtorch + "/lib"]),
  .linkedLibrary("torch_cpu"),
  .linkedLibrary("c10"),
]

/// Swift's own libraries inside the program, so that it runs without a toolchain. A setting of the one target, where
/// `swift build --static-swift-stdlib` is one of all: tests cannot be linked so, and would need a build of their own.
let staticLibraries = ["-static-stdlib"]
/// Swift's linking exports every function of the program, which the system then compares with those of each library: a
/// tenth of the time that a command takes to start.
let programLinking = staticLibraries + ["-Xlinker", "--no-export-dynamic"]

let package = Package(
  name: "thorax",
  platforms: [.macOS(.v14)],
  products: [
    .executable(name: "thorax", targets: ["thorax"]),
    .library(name: "Generation", targets: ["Generation"]),
    // Opened with dlopen by `Torch` when the first tensor is made, so that `--help` never pays for LibTorch.
    .library(name: "ctorch", type: .dynamic, targets: ["CTorchRuntime"]),
    // Opened with dlopen by `DICOMFiles` when the first file is read or written.
    .library(name: "cdicom", type: .dynamic, targets: ["CDICOMRuntime"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-asn1.git", from: "1.7.0"),
    .package(url: "https://github.com/apple/swift-certificates.git", from: "1.21.0"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.14.0"),
    .package(url: "https://github.com/apple/swift-metrics", from: "2.9.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
    .package(url: "https://github.com/apple/swift-nio-extras", from: "1.34.0"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.2"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-system", from: "1.6.0"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0", traits: ["FullFoundation"]),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.30.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.9.0"),
  ],
  targets: [
    // What every part may use
    .target(
      name: "Support",
      dependencies: [
        .product(name: "Crypto", package: "swift-crypto"), .product(name: "SystemPackage", package: "swift-system"),
      ]),

    // Tensors
    .target(name: "CTorch"),
    .target(
      name: "CTorchRuntime", dependencies: ["CTorch"],
      // LibTorch's wheel has no headers of gloo; a few declarations of ours take their place.
      cxxSettings: torchHeaders + [.headerSearchPath("GlooDeclarations")], linkerSettings: torchLibraries),
    .target(name: "TensorFiles", dependencies: ["Support"]),
    .target(name: "Torch", dependencies: ["CTorch", "Support", "TensorFiles"]),
    .target(name: "TorchNN", dependencies: ["TensorFiles", "Torch"]),

    // Models and mathematics
    .target(name: "Tokenization", dependencies: ["Support"]),
    .target(name: "RadiographModels", dependencies: ["Support", "TensorFiles", "Torch", "TorchNN"]),
    .target(name: "Diffusion", dependencies: ["Torch"]),

    // Tables, images and datasets
    .target(name: "DelimitedText"),
    .target(name: "YAMLText", dependencies: [.product(name: "Yams", package: "Yams")]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
    .systemLibrary(name: "CExpat", pkgConfig: "expat", providers: [.apt(["libexpat1-dev"]), .brew(["expat"])]),
    .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"]), .brew(["libpng"])]),
    .systemLibrary(
      name: "CJPEG", pkgConfig: "libjpeg",
      providers: [.apt(["libjpeg-dev"]), .brew(["jpeg-turbo"])]),
    .target(
      name: "CImageCodecs", dependencies: ["CPNG", "CJPEG"],
      linkerSettings: [.linkedLibrary("png"), .linkedLibrary("jpeg"), .linkedLibrary("z")]),
    .target(name: "ImageFiles", dependencies: ["CImageCodecs"]),
    .systemLibrary(
      name: "CCharLS", pkgConfig: "charls", providers: [.apt(["libcharls-dev"]), .brew(["charls"])]),
    .systemLibrary(
      name: "COpenJPEG", pkgConfig: "libopenjp2",
      providers: [.apt(["libopenjp2-7-dev"]), .brew(["openjpeg"])]),
    .target(name: "CDICOM"),
    // Not through pkg-config: dcmtk.pc names all of DCMTK's libraries, and each costs time where it is opened.
    .target(
      name: "CDICOMRuntime", dependencies: ["CCharLS", "CDICOM", "COpenJPEG", "CZlib"],
      linkerSettings: ["dcmnet", "dcmjpeg", "dcmdata", "oflog", "ofstd", "openjp2", "charls", "z"].map {
        .linkedLibrary($0)
      }),
    .target(name: "DICOMFiles", dependencies: ["CDICOM", "ImageFiles", "Support"]),
    .target(
      name: "RadiographData",
      dependencies: [
        "ImageFiles", "RadiologyReports", "Support", "WebPages", .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "GRDB", package: "GRDB.swift"),
      ],
      resources: [.embedInCode("Resources")]),
    .target(
      name: "RadiographImport",
      dependencies: [
        "CExpat", "CZlib", "DICOMFiles", "DelimitedText", "ImageFiles", "RadiographData", "RadiologyReports", "Support",
        "YAMLText",
        .product(name: "GRDB", package: "GRDB.swift"), .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "SystemPackage", package: "swift-system"), .product(name: "Yams", package: "Yams"),
      ],
      resources: [.embedInCode("Resources")]),

    // What is written for people to look at
    .target(name: "Terminal", dependencies: ["Support"]),
    .target(name: "WebPages"),
    .target(name: "RunRecords", dependencies: ["ImageFiles", "Support", "TensorFiles", "WebPages"]),

    // Reports
    .target(name: "RadiologyReports", resources: [.embedInCode("Resources")]),

    // What users call
    .target(
      name: "Models",
      dependencies: [
        "Diffusion", "ImageFiles", "RadiographModels", "RadiologyReports", "Support", "TensorFiles", "Tokenization",
        "Torch", "TorchNN",
        .product(name: "SystemPackage", package: "swift-system"),
      ]),
    .target(
      name: "ImageOutput",
      dependencies: [
        "CZlib", "DICOMFiles", "Diffusion", "ImageFiles", "Support", .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "SwiftASN1", package: "swift-asn1"), .product(name: "X509", package: "swift-certificates"),
      ]),
    .target(
      name: "Generation",
      dependencies: [
        "DelimitedText", "Diffusion", "ImageFiles", "ImageOutput", "Models", "RadiographModels", "Support",
        "TensorFiles", "Tokenization", "Torch", .product(name: "SystemPackage", package: "swift-system"),
      ]),
    .target(
      name: "DICOMSending",
      dependencies: [
        "CDICOM", "DICOMFiles", "ImageFiles", "Support",
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
      ]),
    .target(
      name: "Serving",
      dependencies: [
        "CZlib", "DelimitedText", "Diffusion", "Generation", "ImageFiles", "ImageOutput", "Models", "RadiologyReports",
        "Support", "Torch", "YAMLText",
        .product(name: "Crypto", package: "swift-crypto"), .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "HummingbirdCore", package: "hummingbird"),
        .product(name: "HummingbirdTLS", package: "hummingbird"),
        .product(name: "Logging", package: "swift-log"), .product(name: "Metrics", package: "swift-metrics"),
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"), .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "SystemPackage", package: "swift-system"), .product(name: "Yams", package: "Yams"),
      ],
      resources: [.embedInCode("Resources")]),
    .target(
      name: "Training",
      dependencies: [
        "Diffusion", "ImageFiles", "Models", "RadiographData", "RadiographModels", "RadiologyReports", "RunRecords",
        "Support", "TensorFiles", "Tokenization", "Torch", "TorchNN", "YAMLText",
        .product(name: "Yams", package: "Yams"),
      ],
      resources: [.embedInCode("Resources/Recipes"), .embedInCode("Resources/Grids")]),
    .target(
      name: "Evaluation",
      dependencies: [
        "DelimitedText", "ImageFiles", "ImageOutput", "Models", "RadiographData", "RadiographModels",
        "RadiologyReports", "Support", "TensorFiles", "Torch", "TorchNN", "WebPages", "YAMLText",
      ],
      resources: [.embedInCode("Resources")]),
    .executableTarget(
      name: "thorax",
      dependencies: [
        "DICOMFiles", "DICOMSending", "Diffusion", "Evaluation", "Generation", "ImageFiles", "ImageOutput", "Models",
        "RadiographData",
        "RadiographImport", "RadiographModels", "RadiologyReports", "RunRecords", "Serving", "Support", "TensorFiles",
        "Terminal", "Tokenization", "Torch", "TorchNN", "Training",
        .product(name: "SystemPackage", package: "swift-system"), .product(name: "Logging", package: "swift-log"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], swiftSettings: [.unsafeFlags(staticLibraries, .when(platforms: [.linux], configuration: .release))],
      linkerSettings: [.unsafeFlags(programLinking, .when(platforms: [.linux], configuration: .release))]),

    // What the README shows
    .executableTarget(name: "draw-radiographs", dependencies: ["Generation"], path: "Examples/draw-radiographs"),

    // Tools of the developers
    .executableTarget(name: "generate-operators", path: "Tools/generate-operators"),
    .target(
      name: "DeveloperTools",
      dependencies: ["DICOMFiles", "DelimitedText", "ImageFiles", "RadiologyReports", "Support", "TensorFiles"],
      path: "Tools/DeveloperTools"),
    .executableTarget(
      name: "fuzz",
      dependencies: [
        "DeveloperTools", "Support", "TensorFiles", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], path: "Tools/fuzz"),
    .executableTarget(
      name: "measure",
      dependencies: [
        "DICOMFiles", "DeveloperTools", "Evaluation", "ImageFiles", "ImageOutput", "Models", "RadiographData",
        "RadiographImport", "RadiographModels", "RadiologyReports", "Support", "TensorFiles", "Torch", "TorchNN",
        "Training", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], path: "Tools/measure"),

    // Tests
    .target(
      name: "TestSupport",
      dependencies: ["Diffusion", "Generation", "Models", "RadiographModels", "TensorFiles", "Torch", "TorchNN"],
      path: "Tests/TestSupport"),
    .target(name: "TestBasics", path: "Tests/TestBasics"),
    .testTarget(
      name: "SupportTests",
      dependencies: ["Support", "TestBasics", .product(name: "SystemPackage", package: "swift-system")]),
    .testTarget(
      name: "ModelsTests",
      dependencies: [
        "Generation", "ImageFiles", "Models", "RadiographModels", "Support", "TensorFiles", "TestSupport", "Torch",
      ]),
    .testTarget(
      name: "TensorFilesTests",
      dependencies: ["DeveloperTools", "Support", "TensorFiles", "TestBasics"]),
    .testTarget(name: "TorchTests", dependencies: ["TensorFiles", "Torch"]),
    .testTarget(name: "TorchNNTests", dependencies: ["TensorFiles", "Torch", "TorchNN"]),
    .testTarget(name: "TokenizationTests", dependencies: ["Support", "TestBasics", "Tokenization"]),
    .testTarget(
      name: "RadiographModelsTests",
      dependencies: ["RadiographModels", "Support", "TensorFiles", "TestBasics", "TestSupport", "Torch", "TorchNN"]),
    .testTarget(name: "DiffusionTests", dependencies: ["Diffusion", "Torch", "TensorFiles"]),
    .testTarget(name: "DelimitedTextTests", dependencies: ["DelimitedText"]),
    .testTarget(name: "YAMLTextTests", dependencies: ["YAMLText"]),
    .target(name: "DICOMTestSupport", path: "Tests/DICOMTestSupport"),
    .testTarget(
      name: "DICOMFilesTests",
      dependencies: ["DICOMFiles", "DICOMTestSupport", "DeveloperTools", "ImageFiles", "TestBasics"]),
    .testTarget(name: "ImageFilesTests", dependencies: ["ImageFiles"]),
    .testTarget(
      name: "ImageOutputTests",
      dependencies: [
        "DICOMFiles", "Diffusion", "ImageFiles", "ImageOutput", "Support", "TestBasics",
        .product(name: "Crypto", package: "swift-crypto"), .product(name: "SwiftASN1", package: "swift-asn1"),
        .product(name: "X509", package: "swift-certificates"),
      ]),
    .testTarget(name: "TerminalTests", dependencies: ["Terminal"]),
    .testTarget(name: "WebPagesTests", dependencies: ["WebPages"]),
    .testTarget(name: "RunRecordsTests", dependencies: ["RunRecords", "ImageFiles"]),
    .target(
      name: "RadiographTestSupport",
      dependencies: ["ImageFiles", "RadiographImport", .product(name: "GRDB", package: "GRDB.swift")],
      path: "Tests/RadiographTestSupport"),
    .testTarget(
      name: "RadiographDataTests",
      dependencies: [
        "ImageFiles", "RadiographData", "RadiographImport", "RadiographTestSupport", "RadiologyReports", "Support",
        .product(name: "GRDB", package: "GRDB.swift"),
      ]),
    .testTarget(
      name: "RadiographImportTests",
      dependencies: [
        "CZlib", "DICOMFiles", "DICOMTestSupport", "ImageFiles", "RadiographData", "RadiographImport",
        "RadiographTestSupport", "RadiologyReports", "Support", "TestBasics",
        .product(name: "GRDB", package: "GRDB.swift"),
      ]),
    .testTarget(name: "RadiologyReportsTests", dependencies: ["DeveloperTools", "RadiologyReports", "TestBasics"]),
    .testTarget(
      name: "GenerationTests",
      dependencies: [
        "Diffusion", "Generation", "ImageFiles", "ImageOutput", "Models", "Support", "TestBasics", "TestSupport",
        "Torch",
      ]),
    .testTarget(
      name: "ServingTests",
      dependencies: [
        "Generation", "ImageFiles", "ImageOutput", "Models", "Serving", "Support", "TestBasics", "TestSupport",
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"), .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
      ]),
    .testTarget(
      name: "TrainingTests",
      dependencies: [
        "Diffusion", "Evaluation", "Generation", "ImageFiles", "Models", "RadiographData", "RadiographImport",
        "RadiographModels", "RadiologyReports", "RunRecords", "Support", "TensorFiles", "TestBasics", "TestSupport",
        "Torch", "TorchNN",
        "Training", "YAMLText",
      ]),
    .testTarget(
      name: "EvaluationTests",
      dependencies: [
        "Evaluation", "Generation", "ImageFiles", "ImageOutput", "Models", "RadiographData", "RadiographImport",
        "RadiographModels", "RadiographTestSupport", "RadiologyReports", "Support", "TensorFiles", "TestBasics",
        "TestSupport", "Torch", "TorchNN", "Training",
      ]),
    .testTarget(
      name: "CommandLineTests",
      dependencies: [
        "DeveloperTools", "Generation", "ImageFiles", "Support", "TensorFiles", "TestBasics", "TestSupport", "Torch",
        .product(name: "Crypto", package: "swift-crypto"),
      ]),
  ],
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx17
)

// Tests of a release build run the code that users run; optimising the tests themselves would only take time.
for target in package.targets where target.type == .test {
  target.swiftSettings = [.unsafeFlags(["-Onone"], .when(configuration: .release))]
}
