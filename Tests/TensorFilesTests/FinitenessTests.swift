import Support
import Testing

@testable import TensorFiles

/// Weights that nothing can be computed with, found without LibTorch.
@Suite struct FinitenessTests {
  /// A packed tensor of `elements`.
  private func tensor<Element: FixedWidthInteger>(_ dtype: StoredDType, _ elements: [Element]) -> MappedTensor {
    let bytes = elements.flatMap { withUnsafeBytes(of: $0.littleEndian, Array.init) }
    return MappedTensor(
      file: MappedFile(bytes: bytes, name: "test"), dtype: dtype, shape: [elements.count], strides: [1],
      byteRange: 0..<bytes.count, elementCount: elements.count)
  }

  /// The patterns of a type that are not finite, and their neighbours that are.
  private func check<Element: FixedWidthInteger & UnsignedInteger>(
    _ dtype: StoredDType, exponent: Element, sign: Element
  ) {
    let infinite: [Element] = [exponent, exponent | sign, exponent | 1, exponent | sign | 1, ~0, ~sign]
    let finite: [Element] = [0, sign, 1, exponent - 1, (exponent - 1) | sign, ~exponent, ~exponent & ~sign]
    // At every place of every length, so that ends of words and blocks are met.
    for count in Array(1...17) + [4095, 4096, 4097, 16385] {
      #expect(tensor(dtype, (0..<count).map { finite[$0 % finite.count] }).isEntirelyFinite, "\(dtype) \(count)")
      for place in count < 20 ? Array(0..<count) : [0, count / 2, count - 2, count - 1] {
        for pattern in infinite {
          var elements = [Element](repeating: finite[place % finite.count], count: count)
          elements[place] = pattern
          #expect(!tensor(dtype, elements).isEntirelyFinite, "\(dtype) \(count) \(place) \(pattern)")
        }
      }
    }
  }

  @Test func nanAndInfinityAreFoundAtEveryPlace() {
    check(.float16, exponent: 0x7C00 as UInt16, sign: 0x8000)
    check(.bfloat16, exponent: 0x7F80 as UInt16, sign: 0x8000)
    check(.float32, exponent: 0x7F80_0000 as UInt32, sign: 0x8000_0000)
    check(.float64, exponent: 0x7FF0_0000_0000_0000 as UInt64, sign: 1 << 63)
  }

  @Test func everyHalfIsJudgedAsItsValueIs() {
    for bits in UInt16.min...UInt16.max {
      let isFinite = bits & 0x7C00 != 0x7C00
      if tensor(.float16, [bits]).isEntirelyFinite != isFinite { Issue.record("\(bits)") }
    }
  }

  @Test func typesWithoutSuchValuesAreFinite() {
    for dtype in [StoredDType.int64, .uint8, .bool, .float8E4M3, .float8E5M2] {
      #expect(tensor(dtype, [UInt8](repeating: 0xFF, count: 64)).isEntirelyFinite)
    }
  }

  @Test func aTensorWithGapsIsJudgedByItsOwnElements() {
    // Columns of a 2 x 3 matrix: the NaN in the last column is no element of the first two.
    let rows: [UInt32] = [0, 0, 0x7FC0_0000, 0, 0, 0x7FC0_0000]
    let file = tensor(.float32, rows).file
    func columns(_ count: Int) -> MappedTensor {
      MappedTensor(
        file: file, dtype: .float32, shape: [2, count], strides: [3, 1], byteRange: 0..<(4 * (3 + count)),
        elementCount: 2 * count)
    }
    #expect(columns(2).isEntirelyFinite)
    #expect(!columns(3).isEntirelyFinite)
  }

  @Test func emptyTensorsAreFinite() { #expect(tensor(.float16, [UInt16]()).isEntirelyFinite) }

  @Test func onlyFloatsOfSixteenBitsAndMoreAreComputedWith() {
    let computable = StoredDType.allCases.filter(\.isComputable)
    #expect(Set(computable) == [.float16, .bfloat16, .float32, .float64])
  }
}
