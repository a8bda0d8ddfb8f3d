#if canImport(Glibc)
  import Support
  import Testing

  @Suite struct MemoryArenasTests {
    @Test("glibc takes the setting of one area") func isTaken() async {
      // In a process of its own, since it holds for the whole process.
      await #expect(processExitsWith: .success) { try #require(MemoryArenas.useOne()) }
    }
  }
#endif
