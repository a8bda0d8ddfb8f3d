print("thorax")
