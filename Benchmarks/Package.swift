// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

let scheduling: Target.Dependency = .product(name: "DependencyScheduling", package: "Adjoint")

let adjoint: Target.Dependency = .product(name: "Adjoint", package: "Adjoint")
let virtual: Target.Dependency = .product(name: "VirtualExecution", package: "Adjoint")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
  name: "Benchmarks",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "Workloads", targets: ["ScalarGraphs", "SchedulingWorkloads", "TrainingWorkloads"])
  ],
  dependencies: [
    .package(name: "Adjoint", path: ".."),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
  ],
  targets: [
    .target(name: "CWorkloads"),
    .target(name: "ProcessMeter", swiftSettings: strict),
    .target(name: "SchedulingWorkloads", dependencies: ["CWorkloads", scheduling], swiftSettings: strict),
    .executableTarget(
      name: "scheduling", dependencies: ["ProcessMeter", "SchedulingWorkloads", scheduling, arguments],
      swiftSettings: strict),
    .target(name: "TrainingWorkloads", dependencies: [adjoint], swiftSettings: strict),
    .executableTarget(
      name: "training", dependencies: ["ProcessMeter", "TrainingWorkloads", adjoint, scheduling, arguments],
      swiftSettings: strict),
    .executableTarget(name: "serving", dependencies: [adjoint, scheduling, arguments], swiftSettings: strict),
    .target(name: "ScalarGraphs", dependencies: [adjoint], swiftSettings: strict),
    .executableTarget(
      name: "scalars", dependencies: ["ProcessMeter", "ScalarGraphs", adjoint, scheduling, arguments],
      swiftSettings: strict),
    .executableTarget(
      name: "widths", dependencies: ["ProcessMeter", "ScalarGraphs", adjoint, scheduling, arguments],
      swiftSettings: strict),
    .executableTarget(
      name: "scaling",
      dependencies: ["SchedulingWorkloads", "TrainingWorkloads", adjoint, scheduling, virtual, arguments],
      swiftSettings: strict),
    .executableTarget(name: "gradbench", dependencies: [adjoint, scheduling, arguments], swiftSettings: strict),
    .testTarget(
      name: "SchedulingWorkloadsTests", dependencies: ["SchedulingWorkloads", scheduling], swiftSettings: strict),
    .testTarget(
      name: "TrainingWorkloadsTests", dependencies: ["TrainingWorkloads", adjoint], swiftSettings: strict),
    .testTarget(
      name: "GradBenchTests", dependencies: ["gradbench"], exclude: ["references.py"],
      resources: [.copy("Conversations")], swiftSettings: strict),
    .testTarget(name: "ScalarGraphsTests", dependencies: ["ScalarGraphs", adjoint], swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6]
)
