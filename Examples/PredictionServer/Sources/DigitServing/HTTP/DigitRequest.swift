import DigitNetworks
public import Foundation

/// An image as a client sends it: `{"id": 7, "pixels": [0, 0, 5, 13, …]}`, 64 whole numbers from 0 to 16, row by row.
/// The number `id` comes back with the answer, and may be left out.
public struct DigitRequest: Hashable, Sendable {
  /// The most bytes of a body: a request takes 250, and spaces are allowed for.
  public static let mostBytes = 4_096

  public let id: Int?
  /// From 0 to 1.
  public let pixels: [Float]

  /// What is wrong with a body, in a sentence for the client.
  public struct Malformed: Error, Hashable, CustomStringConvertible {
    public let description: String
  }

  private struct Body: Decodable {
    let id: Int?
    let pixels: [Double]
  }

  /// Reads a body, of which nothing is believed.
  ///
  /// - Throws: ``Malformed`` for anything but an image.
  public init(json: Data) throws(Malformed) {
    let body: Body
    do { body = try JSONDecoder().decode(Body.self, from: json) } catch { throw Malformed(error) }
    guard body.pixels.count == DigitImages.pixelCount else {
      throw Malformed(description: "an image has \(DigitImages.pixelCount) pixels, got \(body.pixels.count)")
    }
    let greatest = DigitImages.greatestPixel
    let isPixel = { (value: Double) in (0...Double(greatest)).contains(value) && value == value.rounded() }
    if let position = body.pixels.firstIndex(where: { !isPixel($0) }) {
      throw Malformed(
        description: "a pixel is a whole number from 0 to \(greatest), and the one at position \(position) is not")
    }
    id = body.id
    pixels = body.pixels.map { Float($0) / Float(greatest) }
  }
}

extension DigitRequest.Malformed {
  /// What JSON's decoder has met, without what the client has sent.
  fileprivate init(_ error: any Error) {
    let path = (error as? DecodingError)?.path ?? ""
    description =
      switch error as? DecodingError {
      case .keyNotFound(let key, _): "there is no '\(key.stringValue)'"
      case .typeMismatch, .valueNotFound: "\(path.isEmpty ? "the body" : path) is not of the type that is wanted"
      default: path.isEmpty ? "the body cannot be read as JSON" : "\(path) is not a number that can be read"
      }
  }
}

extension DecodingError {
  /// Where in the body: `pixels[3]`.
  fileprivate var path: String {
    let context: Context? =
      switch self {
      case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context),
        .dataCorrupted(let context):
        context
      @unknown default: nil
      }
    return (context?.codingPath ?? []).reduce("") { path, key in
      key.intValue.map { "\(path)[\($0)]" } ?? (path.isEmpty ? key.stringValue : "\(path).\(key.stringValue)")
    }
  }
}

/// An answer as a client gets it.
public struct DigitReply: Codable, Hashable, Sendable {
  /// What the client has called its image.
  public let id: Int?
  /// Which version of the parameters has read it.
  public let version: Int
  public let digit: Int
  /// The probability of each digit, with as many decimals as its bits need.
  public let scores: [Float]

  init(_ answer: Predictor.Answer, id: Int?) {
    self.id = id
    version = answer.version
    digit = answer.digit
    scores = answer.scores
  }
}
