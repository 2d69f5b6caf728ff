// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

/// jemalloc stays behind libc and libstdc++ on the link line, so that the process's own `malloc` and `operator new`
/// remain what they were: only the `mallocx` family resolves to jemalloc.
let jemallocAfterTheHost: [LinkerSetting] = ["c", "stdc++", "jemalloc"].map {
  .linkedLibrary($0, .when(platforms: [.linux], traits: ["Jemalloc"]))
}

/// Some threads have stacks of 128 KiB, most of which is the caller's. Without optimisation frames hold more.
let framesWithin32KiB: [CSetting] = [
  .enableWarning("frame-larger-than=32768", .when(configuration: .release)),
  .treatWarning("frame-larger-than", as: .error, .when(configuration: .release)),
]

let package = Package(
  name: "Adjoint",
  platforms: [.macOS(.v15), .macCatalyst(.v18), .iOS(.v18), .tvOS(.v18), .visionOS(.v2)],
  products: [
    .library(name: "Adjoint", targets: ["Adjoint"]),
    .library(name: "DependencyScheduling", targets: ["DependencyScheduling"]),
    .library(name: "AdjointTraining", targets: ["AdjointTraining"]),
    .library(name: "AdjointPictures", targets: ["AdjointPictures"]),
    .library(name: "AdjointMPI", targets: ["AdjointMPI"]),
    .library(name: "AdjointTesting", targets: ["AdjointTesting"]),
    // For tests and benchmarks only: runs in an order that a seed decides, and in virtual time.
    .library(name: "VirtualExecution", targets: ["VirtualExecution"]),
  ],
  traits: [
    .trait(name: "Jemalloc", description: "Gradient buffers in explicit jemalloc arenas (Linux)."),
    .trait(
      name: "BLAS",
      description: "Matrix products by OpenBLAS (Linux) or Accelerate (Apple), whose bits depend on the machine."),
    .trait(name: "MPI", description: "Training on several machines, by Open MPI or MPICH (Linux)."),
    .default(enabledTraits: ["Jemalloc"]),
  ],
  targets: [
    .target(name: "CThreads"),
    .target(name: "LibC", swiftSettings: strict),
    .target(name: "Notation", dependencies: ["LibC"], swiftSettings: strict),
    .target(name: "Threads", dependencies: ["CThreads", "LibC"], swiftSettings: strict),
    .target(
      name: "DependencyScheduling", dependencies: ["CThreads", "LibC", "Notation", "Threads"], swiftSettings: strict),

    .target(name: "VirtualExecution", dependencies: ["DependencyScheduling"], swiftSettings: strict),

    .systemLibrary(name: "CJemalloc"),
    .target(
      name: "GradientMemory",
      dependencies: [
        "LibC", .target(name: "CJemalloc", condition: .when(platforms: [.linux], traits: ["Jemalloc"])),
      ],
      swiftSettings: strict,
      linkerSettings: jemallocAfterTheHost),

    .systemLibrary(name: "COpenBLAS"),
    .target(name: "COperations"),
    .target(
      name: "CKernels",
      dependencies: ["COperations"],
      cSettings: framesWithin32KiB
        + [".", "Convolutions", "Elementwise", "Products", "Reductions"].map { .headerSearchPath($0) }),
    .target(
      name: "Kernels",
      dependencies: [
        "CKernels", "COperations",
        .target(name: "COpenBLAS", condition: .when(platforms: [.linux], traits: ["BLAS"])),
      ],
      swiftSettings: strict,
      linkerSettings: [
        .linkedLibrary("openblas", .when(platforms: [.linux], traits: ["BLAS"])),
        .linkedFramework(
          "Accelerate",
          .when(platforms: [.macOS, .macCatalyst, .iOS, .tvOS, .visionOS], traits: ["BLAS"])),
      ]),

    .target(name: "CCallSite"),
    .target(
      name: "Adjoint",
      dependencies: ["CCallSite", "DependencyScheduling", "GradientMemory", "Kernels", "LibC", "Notation", "Threads"],
      swiftSettings: strict),
    .target(
      name: "AdjointTraining", dependencies: ["Adjoint", "DependencyScheduling", "Kernels", "LibC", "Notation"],
      swiftSettings: strict),
    .systemLibrary(name: "CMPI", providers: [.apt(["libopenmpi-dev"])]),
    .target(
      name: "AdjointMPI",
      dependencies: [
        "Adjoint", "AdjointTraining", "CThreads", "DependencyScheduling", "Kernels", "LibC", "Notation", "Threads",
        .target(name: "CMPI", condition: .when(platforms: [.linux], traits: ["MPI"])),
      ],
      swiftSettings: strict,
      linkerSettings: [.linkedLibrary("mpi", .when(platforms: [.linux], traits: ["MPI"]))]),
    .target(
      name: "AdjointPictures", dependencies: ["Adjoint", "DependencyScheduling", "Notation"], swiftSettings: strict),
    .target(
      name: "AdjointTesting", dependencies: ["Adjoint", "DependencyScheduling", "Kernels", "Notation"],
      swiftSettings: strict),

    // Wrong lines that tests must notice, and the program that tries them: `make mutants`.
    .target(name: "WrongLines", path: "Tests/WrongLines", swiftSettings: strict),
    .executableTarget(
      name: "mutants", dependencies: ["DependencyScheduling", "WrongLines"], path: "Tests/Mutants",
      swiftSettings: strict),
    .testTarget(name: "MutantsTests", dependencies: ["mutants", "WrongLines"], swiftSettings: strict),

    // What is computed with the same bits on every processor, and the program that shows it: `make bits`.
    .target(
      name: "BitPatterns",
      dependencies: ["Adjoint", "AdjointTesting", "AdjointTraining", "DependencyScheduling", "Kernels", "Notation"],
      path: "Tests/BitPatterns", exclude: ["digests.txt"], swiftSettings: strict),
    .executableTarget(
      name: "bits", dependencies: ["BitPatterns", "Kernels"], path: "Tests/Bits", swiftSettings: strict),
    .testTarget(name: "BitPatternsTests", dependencies: ["BitPatterns", "Kernels"], swiftSettings: strict),

    // Finds the Swift of articles and comments, which tests have compiled.
    .target(name: "DocumentedCode", path: "Tests/DocumentedCode", swiftSettings: strict),
    .testTarget(name: "NotationTests", dependencies: ["Notation"], swiftSettings: strict),
    .target(
      name: "StressScale", dependencies: ["DependencyScheduling", "Threads"], path: "Tests/StressScale",
      swiftSettings: strict),
    .testTarget(
      name: "DependencySchedulingTests",
      dependencies: [
        "DependencyScheduling", "DocumentedCode", "StressScale", "Threads", "VirtualExecution", "WrongLines",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "VirtualExecutionTests",
      dependencies: ["VirtualExecution", "DependencyScheduling", "DocumentedCode", "StressScale"],
      swiftSettings: strict),
    .testTarget(
      name: "GradientMemoryTests", dependencies: ["DependencyScheduling", "DocumentedCode", "GradientMemory", "LibC"],
      swiftSettings: strict),
    .testTarget(
      name: "KernelsTests", dependencies: ["CKernels", "DependencyScheduling", "DocumentedCode", "Kernels", "LibC"],
      swiftSettings: strict),
    .target(name: "CSwiftHeap", path: "Tests/CSwiftHeap"),
    .testTarget(
      name: "AdjointTests",
      dependencies: [
        "Adjoint", "AdjointPictures", "AdjointTesting", "CSwiftHeap", "DependencyScheduling", "DocumentedCode",
        "Notation", "StressScale", "VirtualExecution",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "AdjointPicturesTests",
      dependencies: ["Adjoint", "AdjointPictures", "DependencyScheduling", "DocumentedCode"],
      swiftSettings: strict),
    .testTarget(
      name: "AdjointTrainingTests",
      dependencies: ["Adjoint", "AdjointTesting", "AdjointTraining", "DependencyScheduling", "DocumentedCode"],
      swiftSettings: strict),
    // What its Python tests start under mpirun: `make cluster-test`.
    .executableTarget(
      name: "ClusterProcesses",
      dependencies: ["Adjoint", "AdjointMPI", "AdjointTraining", "DependencyScheduling", "LibC"],
      path: "Tests/ClusterProcesses", exclude: ["hosts.py", "test_processes.py"], swiftSettings: strict),
    // Sums and steps of a cluster beside MPI's own sums: Benchmarks/results/cluster.md.
    .executableTarget(
      name: "ClusterSums",
      dependencies: [
        "Adjoint", "AdjointMPI", "AdjointTraining", "DependencyScheduling", "LibC", "Threads",
        .target(name: "CMPI", condition: .when(platforms: [.linux], traits: ["MPI"])),
      ],
      path: "Tests/ClusterSums", swiftSettings: strict),
    .testTarget(
      name: "AdjointMPITests",
      dependencies: [
        "Adjoint", "AdjointMPI", "AdjointTraining", "DependencyScheduling", "DocumentedCode", "Threads",
        "VirtualExecution",
      ],
      exclude: ["Training/bits.txt"], swiftSettings: strict),
    .testTarget(
      name: "StressTests",
      dependencies: [
        "Adjoint", "AdjointTesting", "DependencyScheduling", "GradientMemory", "LibC", "StressScale",
        "VirtualExecution",
      ],
      swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6]
)
