import Foundation

/// How much longer than by default a test runs: 1, or 20 where `ADJOINT_SOAK` is set.
let soakScale = ProcessInfo.processInfo.environment["ADJOINT_SOAK"] == nil ? 1 : 20
