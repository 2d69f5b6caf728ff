// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
  name: "Counts",
  platforms: [.macOS(.v15)],
  dependencies: [
    .package(name: "Adjoint", path: "../.."),
    .package(name: "Benchmarks", path: ".."),
    .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: []),
  ],
  targets: [
    .target(name: "CAllocationCount"),
    .executableTarget(
      name: "Counts",
      dependencies: [
        "CAllocationCount",
        .product(name: "Adjoint", package: "Adjoint"),
        .product(name: "DependencyScheduling", package: "Adjoint"),
        .product(name: "Workloads", package: "Benchmarks"),
        .product(name: "Benchmark", package: "benchmark"),
      ],
      path: "Benchmarks/Counts",  // where the plugin looks for suites
      swiftSettings: strict,
      plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]),
  ],
  swiftLanguageModes: [.v6]
)
