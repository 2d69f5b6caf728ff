// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

let adjoint: Target.Dependency = .product(name: "Adjoint", package: "Adjoint")
let pictures: Target.Dependency = .product(name: "AdjointPictures", package: "Adjoint")
let training: Target.Dependency = .product(name: "AdjointTraining", package: "Adjoint")
let scheduling: Target.Dependency = .product(name: "DependencyScheduling", package: "Adjoint")
let cluster: Target.Dependency = .product(name: "AdjointMPI", package: "Adjoint")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
  name: "Examples",
  platforms: [.macOS(.v15)],
  // For the package PredictionServer.
  products: [
    .library(name: "DigitNetworks", targets: ["DigitNetworks"]), .executable(name: "Digits", targets: ["Digits"]),
  ],
  traits: [.trait(name: "MPI", description: "The example Cluster trains on what processes mpirun starts.")],
  dependencies: [
    .package(name: "Adjoint", path: "..", traits: [.defaults, .trait(name: "MPI", condition: .when(traits: ["MPI"]))]),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
  ],
  targets: [
    .target(name: "Shared", dependencies: [adjoint], swiftSettings: strict),
    .executableTarget(
      name: "FirstTraining", dependencies: [adjoint, training, "DigitNetworks"], swiftSettings: strict),
    .executableTarget(
      name: "Cluster", dependencies: [adjoint, training, cluster, "DigitNetworks"], swiftSettings: strict),
    .executableTarget(name: "TextbookGates", dependencies: [adjoint, "Shared"], swiftSettings: strict),
    .executableTarget(
      name: "Models", dependencies: [adjoint, training, "DigitNetworks", "Shared"], resources: [.copy("Resources")],
      swiftSettings: strict),
    .executableTarget(name: "SecondOrder", dependencies: [adjoint, scheduling, "Shared"], swiftSettings: strict),
    .executableTarget(name: "ScheduleAnything", dependencies: [scheduling], swiftSettings: strict),
    .executableTarget(name: "EmbeddedInAnApp", dependencies: [adjoint, scheduling, "Shared"], swiftSettings: strict),
    .executableTarget(
      name: "Pictures", dependencies: [adjoint, pictures, training, scheduling, "Shared"], swiftSettings: strict),
    .target(
      name: "DigitNetworks", dependencies: [adjoint, training, scheduling, "Shared"], resources: [.copy("Resources")],
      swiftSettings: strict),
    .executableTarget(
      name: "Digits",
      dependencies: [adjoint, training, scheduling, "DigitNetworks", "Shared", arguments],
      swiftSettings: strict),
    .executableTarget(
      name: "NeuralTuringMachine",
      dependencies: [adjoint, training, scheduling, "Shared", arguments],
      swiftSettings: strict),
    .executableTarget(
      name: "AlexNet",
      dependencies: [adjoint, training, scheduling, "Shared", arguments],
      resources: [.copy("Resources")],
      swiftSettings: strict),
    .testTarget(name: "DigitsTests", dependencies: ["DigitNetworks", scheduling], swiftSettings: strict),
    .testTarget(name: "ExamplesTests", dependencies: ["FirstTraining", training], swiftSettings: strict),
    .testTarget(
      name: "ModelsTests", dependencies: ["Models", "DigitNetworks", adjoint, training], swiftSettings: strict),
    .testTarget(name: "AlexNetTests", dependencies: ["AlexNet"], swiftSettings: strict),
    .testTarget(name: "PicturesTests", dependencies: ["Pictures"], swiftSettings: strict),
    .testTarget(
      name: "NeuralTuringMachineTests", dependencies: ["NeuralTuringMachine", scheduling], swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6]
)
