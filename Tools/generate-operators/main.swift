print("generate-operators")
