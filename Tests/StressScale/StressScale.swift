internal import Foundation

/// How large and how often the stress tests run: full size by default, longer with `ADJOINT_SOAK=1`, smaller under a
/// sanitizer, whose every memory access costs ten times as much. Which sanitizer is loaded is asked at run time.
package enum StressScale {
  package static let isSoak = ProcessInfo.processInfo.environment["ADJOINT_SOAK"] != nil

  package static let isSanitized = ["__tsan_init", "__asan_init"].contains { (name: String) in
    dlsym(dlopen(nil, RTLD_NOW), name) != nil
  }

  /// `count` repetitions, twenty times as many in a soak, a tenth under a sanitizer.
  package static func repetitions(_ count: Int) -> Int {
    isSanitized ? min(count, max(count / 10, 2)) : isSoak ? 20 * count : count
  }

  /// `size` nodes or elements, a twentieth under a sanitizer.
  package static func size(_ size: Int) -> Int { isSanitized ? max(size / 20, 100) : size }
}
