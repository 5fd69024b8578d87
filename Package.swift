// swift-tools-version: 6.2
import PackageDescription

/// Every Swift target: Swift 6 mode, explicit existentials and imports, warnings are errors.
let strict: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .treatAllWarnings(as: .error),
]

/// One target each under `Plugins/`; an attack is added by adding its name.
let attacks = ["APGD", "FGSM", "IFGSM", "MIM", "MadryEtAl"]

func module(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(
    name: "\(name)Tests", dependencies: [.byName(name: name), "TestSupport"] + dependencies,
    swiftSettings: strict)
}

let package = Package(
  name: "Gauntlet",
  products: [
    .library(name: "Gauntlet", targets: ["Gauntlet"]),
    .executable(name: "gauntlet", targets: ["GauntletCLI"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
  ],
  // The layers, bottom-up: a target imports only from above.
  targets: [
    .systemLibrary(
      name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .target(name: "CPNG", linkerSettings: [.linkedLibrary("png")]),
    .target(name: "CKernels"),
    module("Files", ["CZlib", .product(name: "Crypto", package: "swift-crypto")]),
    module("Tensors", ["CKernels", "COpenBLAS"]),
    module("NeuralNetworks", ["Files", "Tensors"]),
    module("Imaging", ["CPNG", "Files", "Tensors"]),
    module("Datasets", ["Files", "Imaging", "Tensors"]),
    .target(
      name: "ONNX",
      dependencies: [
        "Files", "NeuralNetworks", "Tensors",
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ], exclude: ["Wire/onnx.proto"], swiftSettings: strict),
    module("Privacy", []),
    module("Robustness", ["NeuralNetworks", "Tensors"]),
  ]
    + attacks.map {
      .target(
        name: $0, dependencies: ["Robustness", "Tensors"], path: "Plugins/\($0)",
        swiftSettings: strict)
    } + [
      module("Attacks", ["Robustness"] + attacks.map { .byName(name: $0) }),
      module(
        "Certification",
        ["Datasets", "Files", "NeuralNetworks", "Privacy", "Robustness", "Tensors"]),
      module(
        "PrivateTraining",
        [
          "Certification", "Datasets", "Files", "NeuralNetworks", "Privacy", "Robustness",
          "Tensors", .product(name: "Crypto", package: "swift-crypto"),
        ]),
      module("Models", ["Files", "NeuralNetworks", "ONNX", "Robustness", "Tensors"]),
      module("Evaluation", ["Certification", "Datasets", "Imaging", "Robustness", "Tensors"]),
      module(
        "Report",
        [
          "Datasets", "Evaluation", "Files", "Imaging", "NeuralNetworks", "Robustness", "Tensors",
        ]),
      module(
        "Benchmarks",
        [
          "Attacks", "Certification", "Models", "NeuralNetworks", "Privacy", "PrivateTraining",
          "Robustness", "Tensors",
        ]),
      module(
        "Gauntlet",
        [
          "Attacks", "Certification", "Datasets", "Evaluation", "Imaging", "Models",
          "NeuralNetworks", "ONNX", "Privacy", "PrivateTraining", "Report", "Robustness",
          "Tensors",
        ]),
      .executableTarget(
        name: "GauntletCLI",
        dependencies: [
          "Benchmarks", "Files", "Gauntlet",
          .product(name: "ArgumentParser", package: "swift-argument-parser"),
        ], swiftSettings: strict),

      .target(
        name: "TestSupport", dependencies: ["Files", "NeuralNetworks", "Tensors"],
        path: "Tests/TestSupport", swiftSettings: strict),
      .target(name: "CAllocations", path: "Tests/CAllocations"),
      tests("Files", []),
      tests("Tensors", ["CKernels"]),
      tests("NeuralNetworks", ["Tensors"]),
      tests("Imaging", ["Files", "Tensors"]),
      tests("Datasets", ["Files", "Tensors"]),
      tests("ONNX", ["Files", "NeuralNetworks", "Tensors"]),
      tests("Robustness", ["NeuralNetworks", "Tensors"]),
      tests("Privacy", []),
      tests(
        "Certification",
        ["Datasets", "Files", "NeuralNetworks", "Privacy", "Robustness", "Tensors"]),
      tests(
        "PrivateTraining",
        [
          "Attacks", "Certification", "Datasets", "Files", "NeuralNetworks", "Privacy",
          "Robustness", "Tensors",
        ]),
      tests(
        "Attacks",
        ["CAllocations", "Datasets", "NeuralNetworks", "ONNX", "Robustness", "Tensors"]),
      tests(
        "Models",
        ["Attacks", "Datasets", "Files", "NeuralNetworks", "ONNX", "Robustness", "Tensors"]),
      tests(
        "Evaluation",
        ["Attacks", "Certification", "Datasets", "NeuralNetworks", "Robustness", "Tensors"]),
      tests(
        "Report",
        ["Datasets", "Evaluation", "Files", "Imaging", "NeuralNetworks", "Robustness", "Tensors"]),
      tests("Benchmarks", []),
      tests("Gauntlet", ["GauntletCLI"]),
    ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .c17
)
