console.log("measuring, and no word of it");
