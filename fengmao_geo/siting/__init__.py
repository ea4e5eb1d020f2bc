"""What a space could become, and which spaces to choose."""
