// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

let scheduling: Target.Dependency = .product(name: "DependencyScheduling", package: "Adjoint")

let package = Package(
  name: "Benchmarks",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "Adjoint", path: "..")],
  targets: [
    .target(name: "CWorkloads"),
    .target(name: "SchedulingWorkloads", dependencies: ["CWorkloads", scheduling], swiftSettings: strict),
    .executableTarget(
      name: "scheduling", dependencies: ["SchedulingWorkloads", scheduling], swiftSettings: strict),
    .testTarget(
      name: "SchedulingWorkloadsTests", dependencies: ["SchedulingWorkloads", scheduling], swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6]
)
